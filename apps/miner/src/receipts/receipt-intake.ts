import { Inject, Injectable } from '@nestjs/common';
import { Batches, Database, type Transaction } from '@horde/database';
import { Keypair } from '@horde/identity';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { errors, JobFinishedPayload, receiptText, type JobAcceptedPayload } from '@horde/protocol';
import { DatabaseRetry } from '../database/database-retry.ts';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import type { ExecutorLink, ValidatorConnection } from '../jobs/links.ts';
import { MinerSettings } from '../settings.ts';
import { EXECUTOR_LINK } from '../tokens.ts';
import { EarlyEnds } from './early-ends.ts';
import { ReceiptChecks } from './receipt-checks.ts';
import { ReceiptCounts } from './receipt-counts.ts';
import { countersigned } from './receipt-rules.ts';
import { Receipts } from './receipts.ts';
import type { StoredReceipt } from './stored-receipt.entity.ts';

/** How many receipts are stored in one transaction. */
const maxBatch = 256;

type EndPayload = JobAcceptedPayload | JobFinishedPayload;

interface Good {
  job: Pick<Job, 'uuid' | 'validator_hotkey' | 'cancelled_by'>;
  /** Null on a local miner, which keeps none. */
  receipt: StoredReceipt | null;
  /** It is the last thing that the validator says of the job. */
  settles: boolean;
}

/** Takes in the receipts that validators send for their jobs. Bad ones are dropped: nobody waits for an answer. */
@Injectable()
export class ReceiptIntake {
  private readonly batches = new Batches((batch: Good[]) => this.storeAll(batch), maxBatch);
  private readonly early = new EarlyEnds();

  constructor(
    private readonly database: Database,
    private readonly checks: ReceiptChecks,
    private readonly counts: ReceiptCounts,
    private readonly retry: DatabaseRetry,
    private readonly jobs: Jobs,
    private readonly receipts: Receipts,
    private readonly keypair: Keypair,
    private readonly settings: MinerSettings,
    @Inject(EXECUTOR_LINK) private readonly executors: ExecutorLink,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when the receipt is committed, or dropped. The same one again changes nothing. */
  async receive(
    payload: EndPayload,
    signature: string,
    session: Pick<ValidatorConnection, 'hotkey'>,
  ): Promise<void> {
    await withLogContext({ job: payload.job_uuid }, async () => {
      const text = receiptText(payload);
      const validator = session.hotkey;
      if (payload instanceof JobFinishedPayload) this.early.note({ payload, signature, validator }, text);
      const checked = await this.checks.check({ payload, text, signature, validator });
      const isEarly = 'refusal' in checked && checked.refusal === 'unknown_job';
      if (!isEarly) this.early.take(payload.job_uuid, validator);
      if ('refusal' in checked) {
        this.counts.refuse(checked.refusal);
        this.logger.warn(`a ${payload.receipt_type} was dropped: ${checked.sentence}`);
        return;
      }
      const { job } = checked;
      const { isLocalMiner } = this.settings;
      const receipt = isLocalMiner ? null : countersigned(payload, signature, this.keypair, text);
      const good = { job, receipt, settles: payload.receipt_type === 'JobFinishedReceipt' };
      const running = good.settles && job.ended_at === null;
      if (!running || !(await this.giveUp(good))) await this.batches.add(good);
      this.counts.stored.inc({ type: payload.receipt_type });
      this.logger.info(`${payload.receipt_type} stored`);
    });
  }

  /** Takes in the end of a job that has come before the job itself. */
  async receiveEarly(uuid: string, validator: string): Promise<void> {
    const end = this.early.take(uuid, validator);
    if (end) await this.retry.run(() => this.receive(end.payload, end.signature, { hotkey: validator }));
  }

  /**
   * A validator that closes a job before it has ended has given it up; there is no other message for that. One
   * transaction for both: with the receipt stored, nobody would end the job after a crash.
   * @returns false when the job has ended meanwhile
   */
  private async giveUp(good: Good): Promise<boolean> {
    const { job } = good;
    const also = (tx: Transaction) => this.store(tx, [good]);
    // One that it has cancelled has failed by that: it does not wait for the executor to say so.
    const by = job.cancelled_by;
    const [status, why] =
      by === null
        ? (['horde_failed', 'Its validator closed it before it had ended.'] as const)
        : (['failed', errors.JOB_CANCELLED(by).message] as const);
    const givenUp = await this.jobs.advance(job, status, null, { why, also });
    if (givenUp) this.executors.stop(job.uuid);
    return givenUp;
  }

  private async storeAll(batch: Good[]): Promise<void[]> {
    await this.database.transaction((tx) => this.store(tx, batch));
    return batch.map(() => undefined);
  }

  private async store(tx: Transaction, batch: Good[]): Promise<void> {
    await this.receipts.store(
      tx,
      ...batch.map(({ receipt }) => receipt).filter((receipt) => receipt !== null),
    );
    await this.jobs.settle(
      tx,
      batch.filter(({ settles }) => settles).map(({ job }) => job),
    );
  }
}
