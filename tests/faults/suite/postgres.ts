import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { startPostgres, type PostgresServer } from '@horde/embedded-postgres';
import pg from 'pg';
import { MemoryDisk } from './memory-disk.ts';

/** How many connections the server has to give. */
const mostConnections = 200;
/** What connections call themselves that only take the place of others. */
const crowd = 'crowd';
/** How much it can store. @unit bytes */
const diskSize = 4 * 1024 ** 3;

/** The network's own Postgres, on one port from its first start on. */
export class Postgres {
  private readonly taken: pg.Client[] = [];

  private constructor(
    private server: PostgresServer,
    private readonly dataFolder: string,
    private readonly disk: MemoryDisk | null,
    /** Of the network's database, past all links. */
    readonly url: string,
  ) {}

  /** @param measured it stores on the machine's disk, which cannot be filled */
  static async start(folder: string, measured: boolean): Promise<Postgres> {
    const dataFolder = path.join(folder, 'postgres');
    await mkdir(dataFolder);
    const disk = measured ? null : MemoryDisk.mount(dataFolder, diskSize);
    const server = await startPostgres({ dataFolder });
    return new Postgres(server, dataFolder, disk, await server.createDatabase('horde'));
  }

  get port(): number {
    return this.server.port;
  }

  /** Ends it without a chance to do anything. */
  kill(): void {
    process.kill(this.server.pid, 'SIGKILL');
  }

  /** Ends it in order; what is connected is cut off. */
  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Ends it. @param keep leaves its data in a folder beside, to be looked at */
  async close(keep: boolean): Promise<void> {
    await this.stop();
    await this.disk?.remove(keep);
  }

  /** Starts it again. @throws Error when another program has its port by now */
  async startAgain(): Promise<void> {
    const { port, dataFolder } = this;
    this.server = await startPostgres({ dataFolder, port });
    if (this.server.port !== port) throw new Error(`Port ${port} was taken while Postgres was away.`);
  }

  /** Leaves no room where its data is. @returns false where it has no file system of its own */
  async fillDisk(): Promise<boolean> {
    if (!this.disk) return false;
    await this.disk.fill();
    return true;
  }

  /** Gives the room back, and starts it again where it could not go on without. */
  async freeDisk(): Promise<void> {
    this.disk?.empty();
    const answers = await this.query('select 1').then(
      () => true,
      () => false,
    );
    if (answers) return;
    await this.stop();
    await this.startAgain();
  }

  /** Ends the connections of all services, at once. */
  async terminateConnections(): Promise<void> {
    await this.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where pid <> pg_backend_pid() and datname = current_database() and application_name <> $1`,
      crowd,
    );
  }

  /** Takes all connections that the server has to give, those of the services too. */
  async crowd(): Promise<void> {
    const all: Promise<unknown>[] = [];
    for (let round = 0; round < 2; round++) {
      for (let count = 0; count < mostConnections; count++) all.push(this.takeConnection());
      await Promise.all(all.splice(0));
      if (round > 0) return;
      const [one] = this.taken;
      await one?.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name <> '${crowd}'`,
      );
    }
  }

  /** Gives them back. */
  async disperse(): Promise<void> {
    await Promise.all(this.taken.splice(0).map((client) => client.end().catch(() => undefined)));
  }

  private async takeConnection(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url, application_name: crowd });
    client.on('error', () => undefined); // the server ends
    await client.connect().then(
      () => this.taken.push(client),
      () => undefined, // there are no more
    );
  }

  async query<T>(sql: string, ...values: unknown[]): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined); // the query itself rejects
    await client.connect();
    try {
      return (await client.query(sql, values)).rows as T[];
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
