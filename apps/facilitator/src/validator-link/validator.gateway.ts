import type { Server } from 'node:http';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Outbox } from '@horde/database';
import { LOGGER, LogThrottle, type Logger } from '@horde/operations';
import {
  facilitatorPath,
  facilitatorValidatorExtensions,
  requireHandlers,
  validatorToFacilitator,
} from '@horde/protocol';
import { TrustedProxies, WebSocketRouter, type Connection, type Upgrade } from '@horde/transport';
import { AnswerDeadlines } from '../jobs/answer-deadlines.ts';
import { JobProgress } from '../events/job-progress.ts';
import { JobStatuses } from '../jobs/job-statuses.ts';
import { Machines } from '../machines/machines.ts';
import { MinerSync } from '../miners/miner-sync.ts';
import { Questions } from '../questions/questions.ts';
import { OutputStore } from '../output/output-store.ts';
import { FacilitatorSettings } from '../settings.ts';
import { Channels } from '../validators/channels.ts';
import { ValidatorDirectory } from '../validators/validator-directory.ts';
import { ValidatorSync } from '../validators/validator-sync.ts';
import { FreshLogins } from './fresh-logins.ts';
import { ValidatorSession, type SessionParts } from './validator-session.ts';

/** What is read of a validator before it has logged in. @unit bytes */
const maxBytesBeforeLogin = 16 * 1024;

/** One is enough, and each may have a frame of 50 MB half sent: a validator's older ones beyond so many are closed. */
const maxConnections = 8;

/** Where validators connect: `/ws/v0/`. */
@Injectable()
export class ValidatorGateway implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly router: WebSocketRouter;
  /** Every connection, with the promise that it has been cleared up. */
  private readonly sessions = new Map<ValidatorSession, Promise<void>>();
  private readonly parts: SessionParts;

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly sync: ValidatorSync,
    channels: Channels,
    directory: ValidatorDirectory,
    freshLogins: FreshLogins,
    statuses: JobStatuses,
    deadlines: AnswerDeadlines,
    progress: JobProgress,
    machines: Machines,
    miners: MinerSync,
    questions: Questions,
    outbox: Outbox,
    output: OutputStore,
    settings: FacilitatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.router = new WebSocketRouter(new TrustedProxies(settings.trustedProxies));
    this.parts = {
      channels,
      directory,
      freshLogins,
      statuses,
      deadlines,
      progress,
      machines,
      miners,
      questions,
      outbox,
      output,
      logger,
      refusals: new LogThrottle(),
    };
  }

  onApplicationBootstrap(): void {
    requireHandlers(validatorToFacilitator, ValidatorSession.handlers);
    this.router.route(facilitatorPath, (connection, upgrade) => this.accept(connection, upgrade), {
      extensions: facilitatorValidatorExtensions,
      untrusted: {
        maxBytes: maxBytesBeforeLogin,
      },
    });
    this.router.attach(this.http.httpAdapter.getHttpServer() as Server);
    this.sync.onSynced(
      () => void this.dismissOutdated().catch((error: unknown) => this.logger.error({ error })),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.sessions].map(([session, ended]) => session.leave().then(() => ended)));
  }

  private accept(connection: Connection, upgrade: Upgrade): void {
    const session = new ValidatorSession(connection, upgrade, this.parts);
    session.onLogIn = () => this.closeOldest(session);
    const ended = connection.closed.then(async ({ code }) => {
      const { hotkey } = session;
      if (hotkey) this.logger.info({ validator: hotkey, code }, 'a validator has disconnected');
      await session
        .end()
        .catch((error: unknown) => this.logger.error({ error }, 'a channel could not be closed'));
      this.sessions.delete(session);
      // An older connection of the same validator takes over.
      for (const other of this.sessions.keys()) if (other.hotkey === hotkey) other.deliver();
    });
    this.sessions.set(session, ended);
  }

  private closeOldest({ hotkey, isFresh }: ValidatorSession): void {
    const open = [...this.sessions.keys()].filter((one) => one.hotkey === hotkey && one.channelId !== null);
    const overheard = open.filter((one) => isFresh && !one.isFresh);
    for (const session of new Set([...overheard, ...open.slice(0, -maxConnections)])) session.displace();
  }

  private async dismissOutdated(): Promise<void> {
    const sessions = [...this.sessions.keys()].filter(({ channelId }) => channelId !== null);
    const outdated = await this.parts.channels.outdated(sessions.map(({ channelId }) => channelId!));
    for (const session of sessions) if (outdated.includes(session.channelId!)) session.dismiss();
  }
}
