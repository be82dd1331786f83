import { Command } from 'nest-commander';
import pg from 'pg';
import { MinerCommand } from './miner-command.ts';
import { minerVersionAt, ownAddress } from '../connections/own-address.ts';
import { fullReasonOf } from '@horde/commands';

/** How long the database may take to answer. @unit ms */
const patience = 5_000;

@Command({
  name: 'liveness_check',
  description: 'say whether the miner runs and has its database: exit code 0, else 1',
})
export class LivenessCheck extends MinerCommand {
  override async run(): Promise<void> {
    const settings = this.context.settings();
    const address = ownAddress(settings);
    const version = await minerVersionAt(address, this.context.signal).catch((error: unknown) => {
      throw new Error(`The miner does not answer at ${address}: ${fullReasonOf(error)}.`, { cause: error });
    });
    const client = new pg.Client({
      connectionString: settings.databaseUrl,
      connectionTimeoutMillis: patience,
      query_timeout: patience,
    });
    try {
      await client.connect();
      await client.query('select 1 from miner.migrations limit 1');
    } catch (error) {
      throw new Error(`The miner answers, but its database does not: ${fullReasonOf(error)}.`, {
        cause: error,
      });
    } finally {
      await client.end().catch(() => undefined);
    }
    this.context.print(`The miner (version ${version}) answers at ${address}, and so does its database.`);
  }
}
