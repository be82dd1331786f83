import { connectionConfig, WatchedClient } from './connections.ts';

/** How long the server may take for a sign of life. @unit ms */
const pulseLimit = 5_000;

export interface LockConnectionOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** What the server lists the connection as. */
  name: string;
  /** Its statements may take as long as they like: those that wait for a lock. @default false */
  isPatient?: boolean;
}

/**
 * A connection that holds locks for as long as it lives. The server gives away those of a process that was killed at once,
 * and after fifteen seconds those of one that it cannot reach.
 */
export class LockConnection {
  private constructor(
    private readonly client: WatchedClient,
    /** Resolves when it is lost, or closed. */
    readonly ended: Promise<void>,
  ) {}

  /** @throws what the server or the network says */
  static async open({ url, name, isPatient = false }: LockConnectionOptions): Promise<LockConnection> {
    const client = new WatchedClient(connectionConfig({ url, name, isPatient }), { isPatient });
    client.on('error', () => undefined); // its end is what counts
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await client.connect();
    return new LockConnection(client, ended);
  }

  /** Takes a lock. @returns false when another connection holds it */
  async take(lock: string): Promise<boolean> {
    const { rows } = await this.client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock(hashtext($1)) as taken',
      [lock],
    );
    return rows[0]!.taken;
  }

  /** Waits for a lock for as long as another connection holds it. */
  async wait(lock: string): Promise<void> {
    await this.client.query('select pg_advisory_lock(hashtext($1))', [lock]);
  }

  /** From now on it is cut when the server gives no sign of life. @param pulse how often it is asked for one. @unit ms */
  watch(pulse: number): void {
    const cut = () => this.client.cut();
    const timer = setInterval(() => {
      const late = setTimeout(cut, pulseLimit).unref();
      this.client.query('select').then(() => clearTimeout(late), cut);
    }, pulse).unref();
    void this.ended.then(() => clearInterval(timer));
  }

  /** Gives its locks away. */
  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
