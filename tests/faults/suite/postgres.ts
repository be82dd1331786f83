import path from 'node:path';
import { startPostgres, type PostgresServer } from '@horde/embedded-postgres';
import pg from 'pg';

/** The network's own Postgres, on one port from its first start on. */
export class Postgres {
  private constructor(
    private server: PostgresServer,
    private readonly dataFolder: string,
    /** Of the network's database, past all links. */
    readonly url: string,
  ) {}

  static async start(folder: string): Promise<Postgres> {
    const dataFolder = path.join(folder, 'postgres');
    const server = await startPostgres({ dataFolder });
    return new Postgres(server, dataFolder, await server.createDatabase('horde'));
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

  /** Starts it again. @throws Error when another program has its port by now */
  async startAgain(): Promise<void> {
    const { port, dataFolder } = this;
    this.server = await startPostgres({ dataFolder, port });
    if (this.server.port !== port) throw new Error(`Port ${port} was taken while Postgres was away.`);
  }

  /** Ends the connections of all services, at once. */
  async terminateConnections(): Promise<void> {
    await this.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
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
