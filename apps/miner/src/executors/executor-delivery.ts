import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { JobFrames } from '@horde/database';
import type { ExecutorManager } from '@horde/executor-manager';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { executorRequestNumbers as numbers, parseJson, writeCompact, type JsonObject } from '@horde/protocol';
import { JobRequests, type ExecutorRequests } from '../jobs/job-requests.ts';
import { DatabaseRetry } from '../database/database-retry.ts';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { publicAddress } from './executor-messages.ts';
import { ExecutorOutput } from './executor-output.ts';
import type { ExecutorJob, ExecutorSession } from './executor-session.ts';
import { ExecutorSessions } from './executor-sessions.ts';
import { RunningExecutors } from './running-executors.ts';

/** How long an executor that has connected may wait until its start counts as done. @unit ms */
const placePatience = 5_000;

/**
 * Brings its validator's requests to a job's executor, with their fixed numbers. They are the job's row itself, so that
 * an executor that comes back gets what it lacks, whatever has happened to the miner meanwhile.
 */
@Injectable()
export class ExecutorDelivery {
  constructor(
    private readonly requests: JobRequests,
    private readonly sessions: ExecutorSessions,
    private readonly executors: RunningExecutors,
    private readonly output: ExecutorOutput,
    private readonly frames: JobFrames,
    private readonly retry: DatabaseRetry,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** There may be something new for the job's executor. One that is not connected gets it when it connects. */
  ring(job: string): void {
    const session = this.sessions.of(job);
    if (session) this.bring(session);
  }

  /** Sends, in the background, what the executor has not been sent; once more when it is called meanwhile. */
  bring(session: ExecutorSession): void {
    const { job } = session;
    if (!job) return;
    session.hasNews = true;
    session.sending ??= withLogContext(
      { job: job.uuid, validator: job.validator_hotkey, link: 'executor' },
      () => this.sendAll(session, job),
    )
      .catch((error: unknown) => {
        if (!session.connection.isOpen) return;
        this.logger.error({ error, job: job.uuid }, 'an executor could not be sent its requests');
        session.connection.close(1011, 'internal error');
      })
      .finally(() => {
        session.sending = null;
        if (session.hasNews && session.connection.isOpen) this.bring(session);
      });
  }

  private async sendAll(session: ExecutorSession, job: ExecutorJob): Promise<void> {
    while (session.hasNews) {
      session.hasNews = false;
      await this.send(session, job);
    }
  }

  private async send(session: ExecutorSession, { uuid }: ExecutorJob): Promise<void> {
    const { connection } = session;
    if (!connection.isOpen) return;
    await this.hasPlace(session.token);
    const requests = await this.retry.run(() => this.requests.after(uuid, session.sent));
    if (!requests) return;
    const { initial_request: initial, job_request, cancel_request } = requests;
    const frames: [number, string | null][] = [
      [numbers.V0InitialJobRequest, initial === null ? null : await this.addressed(initial, requests)],
      [numbers.V0JobRequest, job_request],
      [numbers.V0CancelJobRequest, connection.extensions.has('cancel-1') ? cancel_request : null],
    ];
    for (const [number, frame] of frames) {
      if (frame === null || number <= session.sent) continue;
      session.sent = number;
      this.frames.note({ peer: 'executor', who: '', job: uuid, isSent: true, text: frame });
      if (!(await session.deliver(number, frame))) return;
      if (number === numbers.V0InitialJobRequest) this.output.ask(session);
    }
  }

  /** Until its place is stored, nobody knows where the users of a streaming job reach it. */
  private async hasPlace(token: string): Promise<void> {
    if (!this.executors.isStarting(token)) return;
    // A manager of somebody else's may wait for what its executor does with its request.
    await Promise.race([this.executors.whenStarted(token), sleep(placePatience, undefined, { ref: false })]);
  }

  /** The validator's own text; of a streaming job with the executor's address in it. */
  private async addressed(text: string, job: ExecutorRequests): Promise<string> {
    const request = parseJson(text) as JsonObject;
    const streaming = request.get('streaming_details');
    if (!(streaming instanceof Map)) return text;
    streaming.set('executor_ip', await publicAddress(this.manager, job));
    return writeCompact(request);
  }
}
