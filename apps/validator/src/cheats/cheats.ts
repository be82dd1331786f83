import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Database, inBatches, type Transaction } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, repeat, type Logger } from '@horde/operations';
import type { ExecutorClass } from '@horde/protocol';
import { Blacklist } from '../blacklist/blacklist.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { SystemEvents } from '../events/system-events.ts';
import { Incidents } from '../incidents/incidents.ts';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';
import { Slashings } from './slashings.ts';

/** How often reports are looked for whose job has completed since. @unit ms */
const sweepInterval = 60_000;
/** How many are acted on in one transaction. */
const batch = 50;
/** Of the user's own words so many are kept for people. @unit characters */
const maxDetails = 300;

/** A report on a job that has completed here. */
interface Report {
  job_uuid: string;
  trusted_job_uuid: string;
  details: string;
  uuid: string;
  miner_hotkey: string;
  executor_class: ExecutorClass;
}

/** Acts on users' reports that a miner cheated: it is passed over for a while, is less reliable, and is slashed. */
@Injectable()
export class Cheats implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private endSweep: () => void = () => undefined;

  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
    private readonly config: ValidatorConfig,
    private readonly incidents: Incidents,
    private readonly blacklist: Blacklist,
    private readonly slashings: Slashings,
    private readonly events: SystemEvents,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const failed = (error: unknown) => this.logger.error({ error }, 'cheat reports could not be acted on');
    this.endSweep = repeat(() => this.act(), sweepInterval, failed);
  }

  beforeApplicationShutdown(): void {
    this.endSweep();
  }

  /**
   * Acts on each report, once for each job, whose job a miner has completed and whose signer has signed the job, or is
   * this validator. One that came before its job's end is acted on later.
   */
  async act(): Promise<void> {
    await inBatches(batch, (most) => this.database.transaction((tx) => this.actOnSome(tx, most)));
    await this.slashings.slash();
  }

  private async actOnSome(tx: Transaction, most: number): Promise<number> {
    const reports = await tx.manager.query<Report[]>(
      `select report.job_uuid, trusted_job_uuid, details, attempt.uuid, miner_hotkey, executor_class
       from cheat_report report join job on job.uuid::text = report.job_uuid
       join attempt on attempt.job_uuid = job.uuid
       where acted_at is null and status = 'completed' and outcome = 'completed' and report.signatory in (job.signatory, $1)
       order by reported_at limit $2 for update of report skip locked`,
      [this.keypair.address, most],
    );
    for (const report of reports) await this.actOn(tx, report);
    return reports.length;
  }

  private async actOn(tx: Transaction, report: Report): Promise<void> {
    const { job_uuid, trusted_job_uuid, uuid, miner_hotkey, executor_class, details } = report;
    await tx.manager.query(
      'update cheat_report set acted_at = now() where job_uuid = $1 and trusted_job_uuid = $2',
      [job_uuid, trusted_job_uuid],
    );
    if (miner_hotkey === trustedMinerHotkey) return;
    if (!(await this.incidents.cheated(tx, { uuid, miner_hotkey, executor_class }))) return;
    const why = `Job ${uuid}: its result differs from that of ${trusted_job_uuid}. ${details.slice(0, maxDetails)}`;
    const seconds = this.config.get('DYNAMIC_JOB_CHEATED_BLACKLIST_TIME_SECONDS');
    await this.blacklist.add(tx, miner_hotkey, 'JOB_CHEATED', why, seconds);
    const amount = BigInt(this.config.get('DYNAMIC_COLLATERAL_SLASH_AMOUNT_WEI'));
    await this.slashings.add(tx, { uuid, minerHotkey: miner_hotkey }, amount);
    const data = { job_uuid, miner_hotkey, trusted_job_uuid, cheat_details: details.slice(0, maxDetails) };
    this.events.recordIn(tx, {
      type: 'MINER_ORGANIC_JOB_FAILURE',
      subtype: 'JOB_CHEATED',
      description: why,
      data,
    });
    this.logger.warn(
      { job: job_uuid, miner: miner_hotkey, trusted_job: trusted_job_uuid },
      'a miner cheated',
    );
  }
}
