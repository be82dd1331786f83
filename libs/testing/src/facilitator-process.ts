import pg from 'pg';
import { metricsToken } from './metrics.ts';
import { ServiceBundle, type ServiceProcess } from './service-bundle.ts';

/** The facilitator's real bundle in a process of its own, and its database. */
export class FacilitatorProcess {
  private constructor(
    private readonly bundle: ServiceBundle,
    readonly process: ServiceProcess,
    private readonly database: pg.Client,
    /** `http://127.0.0.1:PORT` */
    readonly url: string,
  ) {}

  static async start(
    databaseUrl: string,
    environment: Record<string, string> = {},
  ): Promise<FacilitatorProcess> {
    const bundle = await ServiceBundle.build('facilitator');
    const process = bundle.run({
      DATABASE_URL: databaseUrl,
      HOST: '127.0.0.1',
      PORT: '0',
      SECRET_KEY: 'secret',
      METRICS_TOKEN: metricsToken,
      BITTENSOR_NETUID: '1',
      PYLON_ADDRESS: 'http://127.0.0.1:1',
      ...environment,
    });
    try {
      const url = `http://127.0.0.1:${await process.listening()}`;
      const database = new pg.Client({
        connectionString: databaseUrl,
        options: '-c search_path=facilitator',
      });
      await database.connect();
      return new FacilitatorProcess(bundle, process, database, url);
    } catch (error) {
      await process.kill('SIGTERM');
      await bundle.remove();
      throw error;
    }
  }

  async query<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.database.query(sql, values)).rows as T[];
  }

  async stop(): Promise<void> {
    await this.process.kill('SIGTERM');
    await this.database.end();
    await this.bundle.remove();
  }
}
