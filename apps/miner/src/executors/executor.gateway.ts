import { Inject, Injectable } from '@nestjs/common';
import { JobFrames } from '@horde/database';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import { dispatch, executorToMiner, isCanonicalUuid } from '@horde/protocol';
import {
  DurableLink,
  readFrame,
  type Closed,
  type Connection,
  type DurableEnd,
  type Upgrade,
} from '@horde/transport';
import { JobRequests } from '../jobs/job-requests.ts';
import { Jobs } from '../jobs/jobs.ts';
import { DatabaseRetry } from '../database/database-retry.ts';
import { ExecutorMessages } from './executor-messages.ts';
import { ExecutorDelivery } from './executor-delivery.ts';
import { ExecutorOutput } from './executor-output.ts';
import { ExecutorSession, type ExecutorJob } from './executor-session.ts';
import { ExecutorSessions } from './executor-sessions.ts';
import { ExecutorSupervisor } from './executor-supervisor.ts';
import { WarmExecutors } from './warm-executors.ts';

/** The job of a token, and the number of the last message about it that is stored. */
type TokenJob = ExecutorJob & { executor_number: string };

/** `/v0.1/executor_interface/{token}`: where executors connect, each with the token of its job. */
@Injectable()
export class ExecutorGateway {
  private stopping = false;

  constructor(
    private readonly jobs: Jobs,
    private readonly requests: JobRequests,
    private readonly sessions: ExecutorSessions,
    private readonly messages: ExecutorMessages,
    private readonly delivery: ExecutorDelivery,
    private readonly output: ExecutorOutput,
    private readonly frames: JobFrames,
    private readonly supervisor: ExecutorSupervisor,
    private readonly warm: WarmExecutors,
    private readonly retry: DatabaseRetry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  accept(connection: Connection, upgrade: Upgrade): void {
    const session = new ExecutorSession(upgrade.params['token']!, upgrade.remoteAddress, connection);
    if (connection.extensions.has('durable-1')) {
      const failed = (error: unknown) => this.failed(session, error);
      session.link = new DurableLink(connection, new DurableExecutor(this, session), failed);
    } else {
      connection.serve({
        receive: (text) => this.receive(session, text, 0),
        onBadFrame: (sentence) => this.refuse(session, sentence),
        onError: (error) => this.failed(session, error),
      });
    }
    session.opened = this.letIn(session);
    void connection.handled().then((closed) => this.left(session, closed));
  }

  /** The miner stops: connections that close from now on are no executor's fault. */
  beginShutdown(): void {
    this.stopping = true;
  }

  /** Handles a frame once the executor is let in. @param number 0: it has none @param of the job whose number that is */
  async receive(session: ExecutorSession, text: string, number: number, of?: string): Promise<void> {
    const isIn = await session.opened;
    const { job } = session;
    if (isIn && of !== undefined && of !== job?.uuid) return session.sendError(notItsJob);
    if (!isIn || !job || (number > 0 && number <= session.received)) return;
    await withLogContext({ job: job.uuid, validator: job.validator_hotkey, link: 'executor' }, () =>
      this.handle(session, job, text, number),
    );
    session.received = Math.max(session.received, number);
  }

  /** Tells the executor that a frame is none, once it is let in. */
  async refuse(session: ExecutorSession, sentence: string): Promise<void> {
    if (await session.opened) await session.sendError(sentence);
  }

  /** The executor has all of its requests up to this number. */
  async resume(session: ExecutorSession, job: string, number: number): Promise<void> {
    if (!(await session.opened)) return;
    if (session.job?.uuid !== job) return session.sendError(notItsJob);
    session.sent = Math.max(session.sent, number);
    this.delivery.bring(session);
    this.output.ask(session);
    await session.link?.resume(job, session.received);
  }

  private async letIn(session: ExecutorSession): Promise<boolean> {
    try {
      return await this.open(session);
    } catch (error) {
      this.sessions.release(session);
      this.failed(session, error);
      return false;
    }
  }

  private async open(session: ExecutorSession): Promise<boolean> {
    // The one that it takes the place of may be one that nobody has noticed to be dead. What it had sent counts.
    const before = this.sessions.claim(session);
    before?.connection.cut();
    await before?.connection.handled();
    if (!this.sessions.isNewest(session)) return false;
    const { token, connection } = session;
    const job = isToken(token) ? await this.jobOf(session) : null;
    if (!job) {
      this.sessions.release(session);
      await session.sendError('This token belongs to no job that waits for an executor.');
      connection.close(1008, 'refused');
      return false;
    }
    this.begin(session, job);
    return true;
  }

  /** The job of its token, once a warm one has been taken for it; null when there is none that waits for it. */
  private async jobOf({ token, address, connection, link }: ExecutorSession): Promise<TokenJob | null> {
    const { retry, warm } = this;
    if (connection.extensions.has('warm-1') && link)
      await retry.run(() => warm.untilTaken(token, address, connection));
    if (!connection.isOpen) return null;
    const job = await retry.run(() => this.jobs.attach(token, address, link !== null));
    if (job || !link) return job;
    // One that has reported the end of its job, and does not know that it is stored.
    return retry.run(() => this.requests.endedBy(token));
  }

  /** The executor has a job. */
  private begin(session: ExecutorSession, job: TokenJob): void {
    session.received = Number(job.executor_number);
    this.sessions.attach(session, { uuid: job.uuid, validator_hotkey: job.validator_hotkey });
    session.connection.trust();
    withLogContext({ job: job.uuid, validator: job.validator_hotkey, link: 'executor' }, () =>
      this.logger.info('executor connected'),
    );
    // One that has said something has its initial request, and tells how far it is.
    if (session.received === 0) this.delivery.bring(session);
  }

  private async handle(
    session: ExecutorSession,
    job: ExecutorJob,
    text: string,
    number: number,
  ): Promise<void> {
    const frame = await readFrame(executorToMiner, text, (sentence) => {
      this.logger.warn(`a frame could not be read: ${sentence}`);
      return session.sendError(sentence);
    });
    if (!frame) return;
    const { message, json } = frame;
    if ('job_uuid' in message && message.job_uuid !== job.uuid) return session.sendError(notItsJob);
    this.frames.note({ peer: 'executor', who: '', job: job.uuid, isSent: false, text });
    const from = { session, job, number, text };
    await this.retry.run(() => dispatch(this.messages.handlers, message, from, json));
  }

  private failed(session: ExecutorSession, error: unknown): void {
    this.logger.error({ error, job: session.job?.uuid }, 'a message of an executor could not be handled');
    session.connection.close(1011, 'internal error');
  }

  private async left(session: ExecutorSession, { code }: Closed): Promise<void> {
    const isLast = this.sessions.release(session);
    const { job } = session;
    if (!job || !isLast || this.stopping) return;
    await withLogContext({ job: job.uuid, validator: job.validator_hotkey, link: 'executor' }, async () => {
      this.logger.info({ code }, 'executor disconnected');
      try {
        await this.retry.run(() => this.recordEnd(session, job.uuid, code));
      } catch (error) {
        if (!this.stopping) this.logger.error({ error }, 'the end of an executor could not be recorded');
      }
    });
  }

  /** On plain v0 the end of the connection is the end of the job; on durable-1 only that of its executor is. */
  private async recordEnd(session: ExecutorSession, uuid: string, code: number): Promise<void> {
    if ((await this.jobs.find(uuid))?.ended_at) return;
    let exitCode = await this.supervisor.exitCode(uuid);
    // It may have come back while its exit code was waited for.
    if (this.stopping || this.sessions.isTaken(session.token)) return;
    const job = await this.jobs.find(uuid);
    if (exitCode === undefined && job?.exited_at) exitCode = job.exit_code;
    if (session.link && exitCode === undefined)
      return this.logger.info('the job goes on without its executor’s connection');
    const exited = exitCode === undefined ? '' : `, exit code ${exitCode ?? 'unknown'}`;
    await this.supervisor.lost(uuid, `its connection was closed with code ${code}${exited}`);
  }
}

/** Whether a token is as this miner makes them: a job's uuid and another, or `warm-` and one. No other is looked up. */
const isToken = (token: string): boolean => {
  const [owner, own] = [token.slice(0, -37), token.slice(-36)];
  return token.at(-37) === '-' && isCanonicalUuid(own) && (owner === 'warm' || isCanonicalUuid(owner));
};
const notItsJob = 'job_uuid: is not the job of this token';

/** What comes over a `durable-1` connection of an executor. */
class DurableExecutor implements DurableEnd {
  constructor(
    private readonly gateway: ExecutorGateway,
    private readonly session: ExecutorSession,
  ) {}

  onMessage(job: string, number: number, frame: string): Promise<void> {
    return this.gateway.receive(this.session, frame, number, job);
  }

  /** Its requests are its job's row: nothing is kept for it. */
  async onAcknowledged(): Promise<void> {}

  onResume(job: string, number: number): Promise<void> {
    return this.gateway.resume(this.session, job, number);
  }

  onPlain(frame: string): Promise<void> {
    return this.gateway.receive(this.session, frame, 0);
  }

  onBadFrame(sentence: string): Promise<void> {
    return this.gateway.refuse(this.session, sentence);
  }
}
