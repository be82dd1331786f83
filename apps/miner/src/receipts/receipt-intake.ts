import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@horde/database';
import { Keypair } from '@horde/identity';
import { withLogContext, type Logger } from '@horde/operations';
import type { JobAcceptedPayload, JobFinishedPayload } from '@horde/protocol';
import { ExecutorSupervisor } from '../executors/executor-supervisor.ts';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import { LOGGER } from '../ports.ts';
import { MinerSettings } from '../settings.ts';
import type { ValidatorSession } from '../validators/validator-session.ts';
import { countersigned, receiptProblem } from './receipt-rules.ts';
import { Receipts } from './receipts.ts';

type EndPayload = JobAcceptedPayload | JobFinishedPayload;

/** Takes in the receipts that validators send for their jobs. Bad ones are dropped: nobody waits for an answer. */
@Injectable()
export class ReceiptIntake {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly receipts: Receipts,
    private readonly supervisor: ExecutorSupervisor,
    private readonly keypair: Keypair,
    private readonly settings: MinerSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async receive(payload: EndPayload, signature: string, session: ValidatorSession): Promise<void> {
    await withLogContext({ job: payload.job_uuid }, async () => {
      const job = await this.jobs.find(payload.job_uuid);
      const problem =
        job?.validator_hotkey === session.hotkey
          ? this.problem(payload, signature, session.hotkey)
          : 'This miner has no such job of this validator.';
      if (problem) this.logger.warn(`a ${payload.receipt_type} was dropped: ${problem}`);
      else await this.keep(job!, payload, signature);
    });
  }

  private problem(payload: EndPayload, signature: string, validator: string): string | null {
    if (this.settings.isLocalMiner) return null;
    return receiptProblem(payload, signature, { miner: this.keypair.address, validator });
  }

  private async keep(job: Job, payload: EndPayload, signature: string): Promise<void> {
    const finished = payload.receipt_type === 'JobFinishedReceipt';
    const store = async (tx: Transaction) => {
      if (!this.settings.isLocalMiner) {
        await this.receipts.store(tx, countersigned(payload, signature, this.keypair));
      }
      if (finished) await this.jobs.settle(tx, job);
    };
    // A validator that closes a job before it has ended has given it up; there is no other message for that. One
    // transaction for both: with the receipt stored, nobody would end the job after a crash.
    const givenUp = finished && (await this.jobs.advance(job, 'horde_failed', null, store));
    if (givenUp) this.supervisor.stop(job.uuid);
    else await this.database.transaction(store);
    this.logger.info(`${payload.receipt_type} stored`);
  }
}
