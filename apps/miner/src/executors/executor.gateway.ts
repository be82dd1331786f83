import { Inject, Injectable } from '@nestjs/common';
import type { ExecutorManager } from '@horde/executor-manager';
import { withLogContext, type Logger } from '@horde/operations';
import {
  dispatch,
  executorToMiner,
  GenericError,
  JsonError,
  make,
  parseJson,
  ShapeError,
  writeCompact,
  type JsonObject,
} from '@horde/protocol';
import type { Closed, Connection, Upgrade } from '@horde/transport';
import type { Job } from '../jobs/job.entity.ts';
import { Jobs } from '../jobs/jobs.ts';
import { EXECUTOR_MANAGER, LOGGER } from '../ports.ts';
import { ExecutorMessages, publicAddress } from './executor-messages.ts';
import { ExecutorSession, ExecutorSessions } from './executor-sessions.ts';
import { ExecutorSupervisor } from './executor-supervisor.ts';

/** `/v0.1/executor_interface/{token}`: where executors connect, each with the token of its job. */
@Injectable()
export class ExecutorGateway {
  private stopping = false;

  constructor(
    private readonly jobs: Jobs,
    private readonly sessions: ExecutorSessions,
    private readonly messages: ExecutorMessages,
    private readonly supervisor: ExecutorSupervisor,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  accept(connection: Connection, upgrade: Upgrade): void {
    const session = new ExecutorSession(connection);
    const opened = this.open(session, upgrade).catch((error: unknown) => {
      this.logger.error({ error }, 'an executor could not be let in');
      this.sessions.release(upgrade.params['token']!, session);
      connection.close(1011, 'internal error');
      return null;
    });
    const inContext = (work: (job: Job) => Promise<void>) => async () => {
      const job = await opened;
      if (job) await withLogContext({ job: job.uuid, peer: 'executor' }, () => work(job));
    };
    connection.onText(
      (text) => inContext((job) => this.handle(session, job, text))(),
      () => void session.send(make(GenericError, { details: 'Only text frames are understood.' })),
    );
    void connection.handled().then((closed) => inContext((job) => this.left(session, job, closed))());
  }

  /** The miner stops: connections that close from now on are no executor's fault. */
  beginShutdown(): void {
    this.stopping = true;
  }

  private async open(session: ExecutorSession, upgrade: Upgrade): Promise<Job | null> {
    const token = upgrade.params['token']!;
    if (!this.sessions.claim(token, session))
      return this.refuse(session, 'Another connection uses this token.');
    const job = await this.jobs.attach(token, addressOf(upgrade));
    if (!job) {
      this.sessions.release(token, session);
      return this.refuse(session, 'This token belongs to no job that waits for an executor.');
    }
    this.sessions.attach(job, session);
    return withLogContext({ job: job.uuid, peer: 'executor' }, async () => {
      this.logger.info('executor connected');
      // Read again: a job request may have come while the session was not there to be given it.
      const { initial_request, job_request } = (await this.jobs.find(job.uuid))!;
      await session.greet(await this.initialRequest(initial_request, job), job_request);
      return job;
    });
  }

  /** The validator's own text; of a streaming job with the executor's address in it. */
  private async initialRequest(text: string, job: Job): Promise<string> {
    const request = parseJson(text) as JsonObject;
    const streaming = request.get('streaming_details');
    if (!(streaming instanceof Map)) return text;
    streaming.set('executor_ip', await publicAddress(this.manager, job));
    return writeCompact(request);
  }

  private async handle(session: ExecutorSession, job: Job, text: string): Promise<void> {
    try {
      const { message, json } = executorToMiner.read(text);
      if ('job_uuid' in message && message.job_uuid !== job.uuid) {
        throw new ShapeError([{ path: 'job_uuid', problem: 'is not the job of this token' }]);
      }
      await dispatch(this.messages.handlers, message, job, json);
    } catch (error) {
      if (error instanceof JsonError || error instanceof ShapeError) {
        this.logger.warn(`a frame could not be read: ${error.message.slice(0, 500)}`);
        await session.send(make(GenericError, { details: error.message.slice(0, 2_000) }));
        return;
      }
      this.logger.error({ error }, 'a message of the executor could not be handled');
      session.connection.close(1011, 'internal error');
    }
  }

  private async left(session: ExecutorSession, job: Job, { code }: Closed): Promise<void> {
    try {
      this.sessions.release(job.executor_token, session);
      this.logger.info({ code }, 'executor disconnected');
      if (this.stopping || (await this.jobs.find(job.uuid))?.ended_at) return;
      const exitCode = await this.supervisor.exitCode(job.uuid);
      // It may have come back while its exit code was waited for.
      if (this.stopping || this.sessions.isTaken(job.executor_token)) return;
      const exited = exitCode === undefined ? '' : `, exit code ${exitCode ?? 'unknown'}`;
      await this.supervisor.lost(job.uuid, `its connection was closed with code ${code}${exited}`);
    } catch (error) {
      if (!this.stopping) this.logger.error({ error }, 'the end of an executor could not be recorded');
    }
  }

  private async refuse(session: ExecutorSession, details: string): Promise<null> {
    await session.send(make(GenericError, { details }));
    session.connection.close(1008, 'refused');
    return null;
  }
}

/** Where the executor connects from, as a proxy before this miner saw it, else as the socket says. */
function addressOf({ headers, remoteAddress }: Upgrade): string {
  const seen = headers['x-real-ip'];
  return (typeof seen === 'string' && seen) || remoteAddress.replace(/^::ffff:/, '');
}
