import { Inject, Injectable } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { publicStreamingPort, type ExecutorManager } from '@horde/executor-manager';
import { LOGGER, type Logger } from '@horde/operations';
import {
  complaintOf,
  ExecutorReady,
  HordeFailed,
  JobFailed,
  executorToMiner,
  make,
  requireHandlers,
  streamingText,
  withoutNuls,
  type Handlers,
  type JobFinished,
  type JobStatus,
  type Message,
  type StreamingJobReady,
} from '@horde/protocol';
import type { FollowingWrite } from '@horde/database';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import type { ValidatorLink } from '../jobs/links.ts';
import { EXECUTOR_MANAGER, VALIDATOR_LINK } from '../tokens.ts';
import type { ExecutorJob, ExecutorSession } from './executor-session.ts';

/** Where a message came from. */
export interface FromExecutor {
  session: ExecutorSession;
  job: ExecutorJob;
  /** The message's number on `durable-1`; 0 when it has none. */
  number: number;
  /** Its frame as it came. */
  text: string;
}

/** What is done with each message of an executor: stored with the job's new status, and told to its validator. */
@Injectable()
export class ExecutorMessages {
  readonly handlers: Handlers<typeof executorToMiner, FromExecutor>;

  constructor(
    private readonly jobs: Jobs,
    private readonly keypair: Keypair,
    @Inject(VALIDATOR_LINK) validators: ValidatorLink,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.handlers = {
      GenericError: (message) =>
        logger.warn(`the executor could not use what we sent: ${complaintOf(message)}`),
      V0ExecutorReadyRequest: (message, from) =>
        this.advance(from, 'executor_ready', make(ExecutorReady, { ...message, executor_token: null })),
      V0VolumesReadyRequest: (message, from) => this.advance(from, 'volumes_ready', message),
      V0StreamingJobReadyRequest: async (message, from) =>
        this.advance(from, 'streaming_ready', await this.addressed(message, from.job)),
      V0ExecutionDoneRequest: (message, from) => this.advance(from, 'execution_done', message),
      V0JobOutput: (_message, { job, text }) => validators.passOutput(job.validator_hotkey, job.uuid, text),
      V0JobProgress: (_message, { job, text }) =>
        validators.passProgress(job.validator_hotkey, job.uuid, text),
      V0JobOutputChunk: async (chunk, { session }) => {
        const problem = session.output?.take(chunk) ?? null;
        if (problem !== null) await session.sendError(problem);
      },
      V0MachineSpecsRequest: (message, from) => jobs.relay(from.job, message, from.number),
      V0JobFinishedRequest: (message, from) =>
        this.advance(from, 'completed', message, [resultOf(from.job, message)]),
      V0JobFailedRequest: (message, from) =>
        this.advance(from, 'failed', message, [resultOf(from.job, message)]),
      V0HordeFailedRequest: (message, from) => this.advance(from, 'horde_failed', message),
      V0ExecutorFailedRequest: (_message, from) =>
        this.advance(
          from,
          'horde_failed',
          make(HordeFailed, {
            job_uuid: from.job.uuid,
            reported_by: 'executor',
            reason: 'generic_error',
            message: 'The executor failed.',
          }),
        ),
      V0StreamingJobNotReadyRequest: (_message, from) =>
        this.advance(
          from,
          'failed',
          make(JobFailed, {
            job_uuid: from.job.uuid,
            stage: 'streaming_startup',
            message: 'The streaming job did not get ready.',
          }),
        ),
    };
    requireHandlers(executorToMiner, this.handlers);
  }

  private async advance(
    { job, number }: FromExecutor,
    to: JobStatus,
    message: Message,
    following: FollowingWrite[] = [],
  ): Promise<void> {
    if (await this.jobs.advance(job, to, message, { following, executorNumber: number }))
      this.logger.info(`job ${to}`);
    else this.logger.info(`${message.message_type} came again or too late, and was dropped`);
  }

  /** Adds where users reach the job, and this miner's signature under it. */
  private async addressed(message: StreamingJobReady, job: ExecutorJob): Promise<StreamingJobReady> {
    const current = (await this.jobs.find(job.uuid))!;
    const ip = await publicAddress(this.manager, current);
    const port = publicStreamingPort(current.executor_handle, message.port);
    const miner_signature = this.keypair.signHex(streamingText({ ...message, ip, port }));
    return Object.assign(message, { executor_token: null, ip, port, miner_signature });
  }
}

/** Where users reach the job's executor: what its manager says, else where it connects from. */
export async function publicAddress(
  manager: ExecutorManager,
  job: Pick<Job, 'executor_handle' | 'executor_address'>,
): Promise<string | null> {
  const known = job.executor_handle ? await manager.publicAddress(job.executor_handle) : null;
  return known ?? job.executor_address;
}

/** Keeps what the job printed and made. */
function resultOf(job: ExecutorJob, message: JobFinished | JobFailed): FollowingWrite {
  const finished = message.message_type === 'V0JobFinishedRequest' ? message : null;
  return {
    text: (
      isMade,
    ) => `insert into job_result (job_uuid, stdout, stderr, exit_status, artifacts, upload_results)
      select $1::uuid, $2, $3, $4::bigint, $5::jsonb, $6::jsonb where ${isMade}`,
    values: [
      job.uuid,
      withoutNuls(message.docker_process_stdout ?? ''),
      withoutNuls(message.docker_process_stderr ?? ''),
      finished ? 0 : (message as JobFailed).docker_process_exit_status,
      storableMap(finished?.artifacts ?? null),
      storableMap(finished?.upload_results ?? null),
    ],
  };
}

/** A peer's map as JSON that Postgres can store. */
const storableMap = (map: Map<string, string> | null): string | null =>
  map && JSON.stringify(Object.fromEntries(withoutNuls(map)));
