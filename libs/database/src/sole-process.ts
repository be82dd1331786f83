import { setTimeout as sleep } from 'node:timers/promises';
import { LockConnection } from './lock-connection.ts';
import { DatabaseError } from './database-error.ts';
import { describe } from './open-database.ts';

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
/**
 * How often the connection that holds the lock is asked for a sign of life. With the time that it may take for one it is
 * less than the fifteen seconds after which the server gives away the lock of a process that it cannot reach. @unit ms
 */
const pulse = 6_000;

/** The right of this process to be the only one of its service. */
export class SoleProcess {
  private doubt: PromiseWithResolvers<void> | null = null;

  /** Its connection is lost: another process may hold the lock by now, and until that is known nothing may be begun. */
  get isInDoubt(): boolean {
    return this.doubt !== null;
  }

  /** Resolves as soon as this process is known to be the only one; never when it is not. */
  async whenSure(): Promise<void> {
    await this.doubt?.promise;
  }

  /** Called by `becomeSoleProcess` only. */
  doubted(): void {
    this.doubt ??= Promise.withResolvers();
  }

  /** Called by `becomeSoleProcess` only. */
  sure(): void {
    this.doubt?.resolve();
    this.doubt = null;
  }
}

/**
 * Waits until no other process of the service uses the database, and keeps others out until this process ends. A
 * connection that is lost is made again; meanwhile this process is in doubt.
 * @throws DatabaseError when the database cannot be reached
 */
export async function becomeSoleProcess(options: SoleProcessOptions): Promise<SoleProcess> {
  const { service, onWait } = options;
  try {
    const connection = await connect(options);
    if (!(await connection.take(lockOf(service)))) {
      onWait();
      await connection.wait(lockOf(service));
    }
    const sole = new SoleProcess();
    keep(connection, options, sole);
    return sole;
  } catch (error) {
    throw new DatabaseError(`The database of ${service} cannot be used: ${describe(error)}.`);
  }
}

/** Who waits for the lock is not answered for as long as another process works. */
const connect = ({ service, url }: SoleProcessOptions): Promise<LockConnection> =>
  LockConnection.open({ url, name: `${service} (one process)`, isPatient: true });

const lockOf = (service: string): string => `process of ${service}`;

function keep(connection: LockConnection, options: SoleProcessOptions, sole: SoleProcess): void {
  connection.watch(pulse);
  void connection.ended.then(() => {
    sole.doubted();
    return retake(options, sole);
  });
}

/** The database may be away for as long as it likes; a process that holds the lock for longer than a moment works. */
async function retake(options: SoleProcessOptions, sole: SoleProcess): Promise<void> {
  const { service, onLost, patience = 30_000 } = options;
  let refusedSince: number | null = null;
  for (;;) {
    try {
      const connection = await connect(options);
      if (await connection.take(lockOf(service))) {
        keep(connection, options, sole);
        return sole.sure();
      }
      refusedSince ??= performance.now();
      await connection.close();
    } catch {
      refusedSince = null;
    }
    if (refusedSince !== null && performance.now() - refusedSince >= patience) return onLost();
    await sleep(pause);
  }
}
