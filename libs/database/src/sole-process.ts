import { setTimeout as sleep } from 'node:timers/promises';
import * as pg from 'pg';
import { DatabaseError, describe } from './open-database.ts';

export interface SoleProcessOptions {
  /** The service's name, of which one process at a time uses the database. */
  service: string;
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Another process uses the database: this one waits until that has ended. */
  onWait: () => void;
  /** The connection was lost, and another process uses the database now: this one must end. */
  onLost: () => void;
  /** How long another process may hold the lock before it counts as one that works. @default 30,000 @unit ms */
  patience?: number;
}

/** The pause before the lock is asked for again. @unit ms */
const pause = 500;
/** The server finds out within about 15 s that the machine of a process is gone, and gives its lock away. */
const keepAlive = '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2';

/**
 * Waits until no other process of the service uses the database, and keeps others out until this process ends. A
 * connection that is lost is made again.
 * @throws DatabaseError when the database cannot be reached
 */
export async function becomeSoleProcess(options: SoleProcessOptions): Promise<void> {
  const { service, onWait } = options;
  try {
    const client = await connect(options);
    if (!(await take(client, service))) {
      onWait();
      await client.query('select pg_advisory_lock(hashtext($1))', [lockOf(service)]);
    }
    keep(client, options);
  } catch (error) {
    throw new DatabaseError(`The database of ${service} cannot be used: ${describe(error)}.`);
  }
}

async function connect({ service, url }: SoleProcessOptions): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: `${service} (one process)`,
    options: keepAlive,
  });
  client.on('error', () => undefined); // its end is what counts
  await client.connect();
  return client;
}

const lockOf = (service: string): string => `process of ${service}`;

async function take(client: pg.Client, service: string): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(
    'select pg_try_advisory_lock(hashtext($1)) as taken',
    [lockOf(service)],
  );
  return rows[0]!.taken;
}

function keep(client: pg.Client, options: SoleProcessOptions): void {
  client.once('end', () => void retake(options));
}

/** The database may be away for as long as it likes; a process that holds the lock for longer than a moment works. */
async function retake(options: SoleProcessOptions): Promise<void> {
  const { service, onLost, patience = 30_000 } = options;
  let refusedSince: number | null = null;
  for (;;) {
    try {
      const client = await connect(options);
      if (await take(client, service)) return keep(client, options);
      refusedSince ??= performance.now();
      await client.end();
    } catch {
      refusedSince = null;
    }
    if (refusedSince !== null && performance.now() - refusedSince >= patience) return onLost();
    await sleep(pause);
  }
}
