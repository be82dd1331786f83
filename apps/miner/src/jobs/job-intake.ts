import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '@horde/database';
import type { ExecutorManager } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import {
  DeclineJob,
  declineReasonFor,
  errors,
  make,
  type InitialJobRequest,
  type JobRejectionReason,
  type JsonObject,
  isCanonicalUuid,
} from '@horde/protocol';
import type { Pending } from '@horde/transport';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { EXECUTOR_LINK, EXECUTOR_MANAGER, VALIDATOR_LINK } from '../tokens.ts';
import { ReceiptIntake } from '../receipts/receipt-intake.ts';
import { ReceiptCounts } from '../receipts/receipt-counts.ts';
import { countersigned, receiptProblem } from '../receipts/receipt-rules.ts';
import { Receipts } from '../receipts/receipts.ts';
import type { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import { MinerSettings } from '../settings.ts';
import { Validators } from '../directory/validators.ts';
import { Draining } from './draining.ts';
import type { Job } from './job.entity.ts';
import { JobSignature } from './job-signature.ts';
import { Jobs } from './jobs.ts';
import type { ExecutorLink, ValidatorConnection, ValidatorLink } from './links.ts';
import type { Received } from './received.ts';
import { connectLimit, hardLimit } from './limits.ts';
import { SlotQueue } from './slot-queue.ts';
import type { NewJob, Taken } from './take-slots.ts';

/** Takes in new jobs: checks the request, reserves an executor, and answers. */
@Injectable()
export class JobIntake {
  constructor(
    private readonly jobs: Jobs,
    private readonly queue: SlotQueue,
    private readonly draining: Draining,
    private readonly signature: JobSignature,
    private readonly receipts: Receipts,
    private readonly receiptCounts: ReceiptCounts,
    private readonly receiptIntake: ReceiptIntake,
    private readonly validators: Validators,
    private readonly keypair: Keypair,
    private readonly settings: MinerSettings,
    private readonly config: MinerConfig,
    @Inject(VALIDATOR_LINK) private readonly validatorLink: ValidatorLink,
    @Inject(EXECUTOR_LINK) private readonly executors: ExecutorLink,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async receive(request: InitialJobRequest, from: Received, json: JsonObject): Promise<void> {
    const { session, text } = from;
    const { job_uuid: uuid, executor_class: executorClass } = request;
    if (!isCanonicalUuid(uuid)) {
      return session.sendError(`"${uuid}" is not a UUID in its canonical form: lower case, with hyphens.`);
    }
    const waitsFor = this.queue.validatorOf(uuid);
    if (waitsFor !== null) {
      if (waitsFor !== session.hotkey) return session.sendError(notYours(uuid));
      from.pending = this.queue.repeat(uuid, session);
      return;
    }
    if (await this.validators.isBlacklisted(session.hotkey)) {
      return this.decline(session, request, 'validator_blacklisted', errors.VALIDATOR_BLACKLISTED().message);
    }
    if (!(await this.validators.isActive(session.hotkey))) {
      return this.decline(session, request, 'validator_blacklisted', errors.VALIDATOR_NOT_ACTIVE().message);
    }
    if (this.draining.isOn) return this.decline(session, request, 'busy', errors.MINER_DRAINS().message);
    const refusal = await this.signature.refusal(request.validator_signature, json, session.hotkey);
    if (refusal) return this.decline(session, request, 'invalid_signature', refusal.message);
    const receipt = this.receiptOf(request, session.hotkey);
    if (typeof receipt === 'string') {
      this.receiptCounts.refuse('started');
      return this.decline(session, request, 'invalid_receipt', receipt);
    }
    const job: NewJob = {
      uuid,
      executorClass,
      text,
      receipt,
      validatorHotkey: session.hotkey,
      token: `${uuid}-${randomUUID()}`,
      hardLimit: hardLimit(request, this.startupTimeLimit, this.settings.maxExecutorAge),
    };
    from.pending = await this.reserve(job, request, session);
  }

  private async reserve(
    job: NewJob,
    request: InitialJobRequest,
    session: ValidatorConnection,
  ): Promise<Pending | undefined> {
    const { executorClass } = job;
    const capacity = (await this.manager.manifest())[executorClass] ?? 0;
    const startsAtOnce = this.executors.claimsAhead;
    const slot = {
      job,
      capacity,
      connectWithin: connectLimit(executorClass, this.startupTimeLimit),
      startsAtOnce,
      mayWait: true,
      arrival: 0,
      decline: (tx: Transaction) => this.busy(tx, request, capacity),
    };
    return this.queue.add(slot, session, (taken, sessions) =>
      this.answer(job, { startsAtOnce, taken, sessions }),
    );
  }

  private async answer(
    job: NewJob,
    {
      startsAtOnce,
      taken,
      sessions,
    }: { startsAtOnce: boolean; taken: Taken | null; sessions: ValidatorConnection[] },
  ): Promise<void> {
    const { uuid, executorClass } = job;
    if (taken === null) {
      const known = (await this.jobs.find(uuid))!;
      for (const session of sessions) await this.repeat(known, session);
      return;
    }
    this.logger.info({ executorClass, warm: taken.warm }, `job ${taken.outcome}`);
    for (const session of sessions) this.validatorLink.name(session, uuid, taken.answer ?? undefined);
    if (taken.outcome === 'rejected') return;
    if (taken.warm) this.executors.handOver(uuid, taken.token);
    else {
      const started = {
        uuid,
        validator_hotkey: job.validatorHotkey,
        executor_class: executorClass,
        executor_token: taken.token,
      };
      this.executors.start(started, startsAtOnce);
    }
    await this.receiptIntake.receiveEarly(uuid, job.validatorHotkey);
  }

  private async busy(tx: Transaction, request: InitialJobRequest, capacity: number): Promise<DeclineJob> {
    const { job_uuid, executor_class: executorClass, job_started_receipt_payload: started } = request;
    const message =
      capacity === 0
        ? errors.CLASS_NOT_OFFERED(executorClass)
        : errors.ALL_EXECUTORS_BUSY(executorClass, capacity);
    const receipts =
      capacity === 0 ? [] : await this.receipts.excuses(tx, job_uuid, executorClass, started.timestamp);
    return make(DeclineJob, { job_uuid, reason: 'busy', message: message.message, receipts });
  }

  private get startupTimeLimit(): number {
    return this.config.get('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT');
  }

  /** A request that was answered before: its validator is sent again how the job stands. */
  private async repeat(job: Job, session: ValidatorConnection): Promise<void> {
    if (job.validator_hotkey !== session.hotkey) {
      return session.sendError(notYours(job.uuid));
    }
    if (job.settled_at)
      return session.sendError(
        `The job ${job.uuid} has ended (${job.status}), and its finished receipt has come.`,
      );
    if (job.status === 'rejected' && !(await this.jobs.hasMessages(job.uuid)))
      return session.sendError(`The job ${job.uuid} was declined.`);
    this.validatorLink.name(session, job.uuid);
    if (job.slot_held && !job.ended_at) this.executors.ensureStarted(job);
  }

  /** The started receipt, checked and countersigned; a sentence when it is not good, null when none is kept. */
  private receiptOf(request: InitialJobRequest, hotkey: string): StoredReceipt | string | null {
    if (this.settings.isLocalMiner) return null;
    const { job_started_receipt_payload: payload, job_started_receipt_signature: signature } = request;
    const problem = receiptProblem(payload, signature, {
      miner: this.keypair.address,
      validator: hotkey,
      now: Date.now(),
    });
    if (problem) return problem;
    if (payload.job_uuid !== request.job_uuid) return 'The started receipt is for another job.';
    if (payload.executor_class !== request.executor_class)
      return 'The started receipt is for another executor class.';
    return countersigned(payload, signature, this.keypair);
  }

  private async decline(
    session: ValidatorConnection,
    request: InitialJobRequest,
    reason: JobRejectionReason,
    message: string,
  ) {
    const { job_uuid } = request;
    // One that was taken once is good for ever: what was signed then may be too old by now.
    const known = await this.jobs.find(job_uuid);
    if (known) return this.repeat(known, session);
    this.logger.info({ reason }, `job declined: ${message}`);
    const signs = request.validator_signature !== null;
    // One that does not sign may be of the generation that knows no reason for this, nor the sentence.
    if (!signs) await session.sendError(message);
    await session.send(make(DeclineJob, { job_uuid, reason: declineReasonFor(reason, signs), message }));
  }
}

const notYours = (uuid: string): string => `Another validator has a job ${uuid} here.`;
