import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ExecutorManager } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import {
  AcceptJob,
  DeclineJob,
  declineReasonFor,
  errors,
  make,
  type InitialJobRequest,
  type JobRejectionReason,
  type JsonObject,
} from '@horde/protocol';
import { ExecutorSupervisor } from '../executors/executor-supervisor.ts';
import { EXECUTOR_MANAGER, LOGGER } from '../ports.ts';
import { countersigned, receiptProblem } from '../receipts/receipt-rules.ts';
import { Receipts } from '../receipts/receipts.ts';
import type { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import { MinerSettings } from '../settings.ts';
import { Post } from '../validators/post.ts';
import type { ValidatorSession } from '../validators/validator-session.ts';
import type { Job } from './job.entity.ts';
import { isJobUuid } from './job-uuid.ts';
import { JobSignature } from './job-signature.ts';
import { Jobs, type NewJob } from './jobs.ts';
import { hardLimit } from './limits.ts';

/** Takes in new jobs: checks the request, reserves an executor, and answers. */
@Injectable()
export class JobIntake {
  constructor(
    private readonly jobs: Jobs,
    private readonly signature: JobSignature,
    private readonly receipts: Receipts,
    private readonly supervisor: ExecutorSupervisor,
    private readonly post: Post,
    private readonly keypair: Keypair,
    private readonly settings: MinerSettings,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async receive(
    request: InitialJobRequest,
    from: { session: ValidatorSession; text: string },
    json: JsonObject,
  ) {
    const { session, text } = from;
    const { job_uuid: uuid, executor_class: executorClass } = request;
    if (!isJobUuid(uuid)) {
      return session.complain(`"${uuid}" is not a UUID in its canonical form: lower case, with hyphens.`);
    }
    const known = await this.jobs.find(uuid);
    if (known) return this.repeat(known, session);

    const refusal = await this.signature.refusal(request.validator_signature, json, session.hotkey);
    const signs = request.validator_signature !== null;
    if (refusal) return this.decline(session, uuid, 'invalid_signature', refusal.message, signs);
    const receipt = this.receiptOf(request, session.hotkey);
    if (typeof receipt === 'string') return this.decline(session, uuid, 'invalid_receipt', receipt, signs);
    const job: NewJob = {
      uuid,
      executorClass,
      text,
      receipt,
      validatorHotkey: session.hotkey,
      token: `${uuid}-${randomUUID()}`,
      hardLimit: hardLimit(request, this.settings.startupTimeLimit),
    };
    await this.reserve(job, request, session);
  }

  private async reserve(job: NewJob, request: InitialJobRequest, session: ValidatorSession): Promise<void> {
    const { uuid, executorClass } = job;
    const capacity = (await this.manager.manifest())[executorClass] ?? 0;
    const outcome = await this.jobs.take(job, capacity, async (accepted, tx) => {
      if (accepted) return make(AcceptJob, { job_uuid: uuid });
      if (capacity === 0) {
        return make(DeclineJob, {
          job_uuid: uuid,
          reason: 'busy',
          message: errors.CLASS_NOT_OFFERED(executorClass).message,
        });
      }
      return make(DeclineJob, {
        job_uuid: uuid,
        reason: 'busy',
        message: errors.ALL_EXECUTORS_BUSY(executorClass, capacity).message,
        receipts: await this.receipts.excuses(
          tx,
          uuid,
          executorClass,
          request.job_started_receipt_payload.timestamp,
        ),
      });
    });
    if (outcome === null) return this.repeat((await this.jobs.find(uuid))!, session);
    this.logger.info({ executorClass }, `job ${outcome}`);
    this.post.name(session, uuid);
    if (outcome === 'accepted') this.supervisor.start(uuid);
  }

  /** A request that was answered before: its validator hears again how the job stands. */
  private async repeat(job: Job, session: ValidatorSession): Promise<void> {
    if (job.validator_hotkey !== session.hotkey) {
      return session.complain(`Another validator has a job ${job.uuid} here.`);
    }
    if (job.settled_at)
      return session.complain(
        `The job ${job.uuid} has ended (${job.status}), and its finished receipt has come.`,
      );
    this.post.name(session, job.uuid);
  }

  /** The started receipt, checked and countersigned; a sentence when it is not good, null when none is kept. */
  private receiptOf(request: InitialJobRequest, hotkey: string): StoredReceipt | string | null {
    if (this.settings.isLocalMiner) return null;
    const { job_started_receipt_payload: payload, job_started_receipt_signature: signature } = request;
    const problem = receiptProblem(payload, signature, {
      miner: this.keypair.address,
      validator: hotkey,
    });
    if (problem) return problem;
    if (payload.job_uuid !== request.job_uuid) return 'The started receipt is for another job.';
    if (payload.executor_class !== request.executor_class)
      return 'The started receipt is for another executor class.';
    return countersigned(payload, signature, this.keypair);
  }

  private async decline(
    session: ValidatorSession,
    uuid: string,
    reason: JobRejectionReason,
    message: string,
    signs: boolean,
  ) {
    this.logger.info({ reason }, `job declined: ${message}`);
    // One that does not sign may be of the generation that knows no reason for this, nor the sentence.
    if (!signs) await session.complain(message);
    await session.send(
      make(DeclineJob, { job_uuid: uuid, reason: declineReasonFor(reason, signs), message }),
    );
  }
}
