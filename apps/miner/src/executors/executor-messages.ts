import { Inject, Injectable } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import type { ExecutorManager } from '@horde/executor-manager';
import type { Logger } from '@horde/operations';
import {
  complaintOf,
  ExecutorReady,
  HordeFailed,
  JobFailed,
  executorToMiner,
  make,
  requireHandlers,
  streamingText,
  type Handlers,
  type JobFinished,
  type JobStatus,
  type Message,
  type StreamingJobReady,
} from '@horde/protocol';
import type { Transaction } from '@horde/database';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import { storable, storableMap } from '../jobs/storable.ts';
import { EXECUTOR_MANAGER, LOGGER } from '../ports.ts';

/** What is done with each message of an executor: stored with the job's new status, and told to its validator. */
@Injectable()
export class ExecutorMessages {
  readonly handlers: Handlers<typeof executorToMiner, Job>;

  constructor(
    private readonly jobs: Jobs,
    private readonly keypair: Keypair,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.handlers = {
      GenericError: (message) =>
        logger.warn(`the executor could not use what we sent: ${complaintOf(message)}`),
      V0ExecutorReadyRequest: (message, job) =>
        this.advance(job, 'executor_ready', make(ExecutorReady, { ...message, executor_token: null })),
      V0VolumesReadyRequest: (message, job) => this.advance(job, 'volumes_ready', message),
      V0StreamingJobReadyRequest: async (message, job) =>
        this.advance(job, 'streaming_ready', await this.addressed(message, job)),
      V0ExecutionDoneRequest: (message, job) => this.advance(job, 'execution_done', message),
      V0MachineSpecsRequest: (message, job) => jobs.relay(job, message),
      V0JobFinishedRequest: (message, job) =>
        this.advance(job, 'completed', message, storeResult(job, message)),
      V0JobFailedRequest: (message, job) => this.advance(job, 'failed', message, storeResult(job, message)),
      V0HordeFailedRequest: (message, job) => this.advance(job, 'horde_failed', message),
      V0ExecutorFailedRequest: (_message, job) =>
        this.advance(
          job,
          'horde_failed',
          make(HordeFailed, {
            job_uuid: job.uuid,
            reported_by: 'executor',
            reason: 'generic_error',
            message: 'The executor failed.',
          }),
        ),
      V0StreamingJobNotReadyRequest: (_message, job) =>
        this.advance(
          job,
          'failed',
          make(JobFailed, {
            job_uuid: job.uuid,
            stage: 'streaming_startup',
            message: 'The streaming job did not get ready.',
          }),
        ),
    };
    requireHandlers(executorToMiner, this.handlers);
  }

  private async advance(
    job: Job,
    to: JobStatus,
    message: Message,
    also?: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    if (await this.jobs.advance(job, to, message, also)) this.logger.info(`job ${to}`);
    else this.logger.info(`${message.message_type} came again or too late, and was dropped`);
  }

  /** Adds where users reach the job, and this miner's signature under it. */
  private async addressed(message: StreamingJobReady, job: Job): Promise<StreamingJobReady> {
    const current = (await this.jobs.find(job.uuid)) ?? job;
    const ip = await publicAddress(this.manager, current);
    const text = streamingText({ ...message, ip });
    return Object.assign(message, { executor_token: null, ip, miner_signature: this.keypair.signHex(text) });
  }
}

/** Where users reach the job's executor: what its manager says, else where it connects from. */
export async function publicAddress(manager: ExecutorManager, job: Job): Promise<string | null> {
  const known = job.executor_handle ? await manager.publicAddress(job.executor_handle) : null;
  return known ?? job.executor_address;
}

/** Keeps what the job printed and made. */
const storeResult = (job: Job, message: JobFinished | JobFailed) => async (tx: Transaction) => {
  const finished = message.message_type === 'V0JobFinishedRequest' ? message : null;
  await tx.manager.query(
    `insert into job_result (job_uuid, stdout, stderr, exit_status, artifacts, upload_results)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      job.uuid,
      storable(message.docker_process_stdout ?? ''),
      storable(message.docker_process_stderr ?? ''),
      finished ? 0 : (message as JobFailed).docker_process_exit_status,
      storableMap(finished?.artifacts ?? null),
      storableMap(finished?.upload_results ?? null),
    ],
  );
};
