import { Inject, Injectable } from '@nestjs/common';
import { Database, inBatches } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { JobRetention } from '../jobs/job-retention.ts';
import { FacilitatorSettings } from '../settings.ts';

/** How many rows are removed by one statement. */
const batch = 1_000;

/** How many were removed. */
export interface Removed {
  jobs: number;
  receipts: number;
  versions: number;
  /** That a miner was seen with a machine. */
  snapshots: number;
}

/** Removes what is older than the settings say. Replicas may do so at once. */
@Injectable()
export class OldRecords {
  constructor(
    private readonly database: Database,
    private readonly jobs: JobRetention,
    private readonly settings: FacilitatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async remove(): Promise<Removed> {
    const { receiptRetention, minerVersionRetention, machineRetention } = this.settings;
    const removed: Removed = {
      jobs: await this.jobs.evict(),
      receipts: await this.all('receipt', 'true', 'timestamp', receiptRetention),
      // What a miner told last stays, however long ago it was.
      versions: await this.all(
        'miner_version',
        `exists (
           select from miner_version newer
           where newer.miner_hotkey = miner_version.miner_hotkey and newer.id > miner_version.id
         )`,
        'created_at',
        minerVersionRetention,
      ),
      snapshots: await this.all('machine_snapshot', 'true', 'measured_at', machineRetention),
    };
    await this.all(
      'machine_specs',
      'not exists (select from machine_snapshot where specs_id = machine_specs.id)',
      'created_at',
      machineRetention,
    );
    await this.all('miner', 'not active', 'missed_since', minerVersionRetention);
    await this.all(
      'validator',
      `not active and not pinned
       and not exists (select from job where target_validator_hotkey = validator.hotkey)
       and not exists (select from channel where validator_hotkey = validator.hotkey)`,
      'greatest(last_seen, created_at)',
      minerVersionRetention,
    );
    if (Object.values(removed).some((count) => count > 0))
      this.logger.info(removed, 'old records were removed');
    return removed;
  }

  /** @param condition in SQL, beside the age @param since the column that tells the age @param days how long it is kept */
  private all(table: string, condition: string, since: string, days: number): Promise<number> {
    return inBatches(batch, async (most) => {
      const [rows] = await this.database.manager.query<[unknown[], number]>(
        `delete from ${table} where ctid = any (array(
           select ctid from ${table} where ${since} < now() - make_interval(days => $1) and ${condition}
           limit $2 for update skip locked
         )) returning 1`,
        [days, most],
      );
      return rows.length;
    });
  }
}
