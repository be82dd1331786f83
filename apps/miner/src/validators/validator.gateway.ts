import { Inject, Injectable } from '@nestjs/common';
import type { ExecutorManager } from '@horde/executor-manager';
import { withLogContext, type Logger } from '@horde/operations';
import {
  dispatch,
  ExecutorManifest,
  JsonError,
  make,
  ShapeError,
  ValidatorAuth,
  validatorToMiner,
  type JsonObject,
  type MessageOf,
} from '@horde/protocol';
import type { Connection, Upgrade } from '@horde/transport';
import { EXECUTOR_MANAGER, LOGGER } from '../ports.ts';
import { Authentication } from './authentication.ts';
import { Post } from './post.ts';
import { ValidatorMessages, type Received } from './validator-messages.ts';
import { ValidatorSession } from './validator-session.ts';

/** What a connection may do before it has authenticated. */
const strangers = {
  /** How long it may take to authenticate; a refused one is closed at this time too, and never sooner. @unit ms */
  deadline: 10_000,
  /** How many frames are looked at. */
  frames: 16,
  /** How large they may be. @unit characters */
  frameLength: 64 * 1024,
};

interface Frame extends Received {
  message: MessageOf<typeof validatorToMiner>;
  json: JsonObject;
}

/** `/v0.1/validator_interface/{hotkey}`: where validators connect. */
@Injectable()
export class ValidatorGateway {
  constructor(
    private readonly authentication: Authentication,
    private readonly messages: ValidatorMessages,
    private readonly post: Post,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  accept(connection: Connection, { params }: Upgrade): void {
    const session = new ValidatorSession(params['hotkey']!, connection);
    const early: Frame[] = [];
    let frames = 0;
    const deadline = setTimeout(async () => {
      if (frames === 0) await session.complain('There was no authentication within 10 s.');
      connection.close(1000);
    }, strangers.deadline).unref();
    void connection.closed.then(() => clearTimeout(deadline));

    const handle = async (text: string) => {
      if (session.authenticated) return this.handle(session, text);
      if (++frames > strangers.frames) return;
      if (text.length > strangers.frameLength)
        return session.complain('A frame this large must come after an authentication.');
      const frame = await this.read(session, text);
      if (!frame) return;
      if (!(frame.message instanceof ValidatorAuth)) return void early.push(frame);
      const refusal = await this.authentication.refusal(frame.message, session.hotkey);
      if (refusal) {
        this.logger.info({ refusal }, 'an authentication was refused');
        return session.complain(refusal);
      }
      clearTimeout(deadline);
      await this.welcome(session);
      for (const one of early.splice(0)) await this.dispatch(one);
    };
    connection.onText(
      (text) => withLogContext({ peer: session.hotkey }, () => this.guarded(connection, () => handle(text))),
      () => void (frames++ < strangers.frames && session.complain('Only text frames are understood.')),
    );
  }

  private async welcome(session: ValidatorSession): Promise<void> {
    session.authenticated = true;
    this.post.join(session);
    const manifest = new Map(Object.entries(await this.manager.manifest()));
    await session.send(make(ExecutorManifest, { manifest }));
  }

  private async handle(session: ValidatorSession, text: string): Promise<void> {
    const frame = await this.read(session, text);
    if (frame) await this.dispatch(frame);
  }

  private async dispatch(frame: Frame): Promise<void> {
    const { message, json } = frame;
    const job = 'job_uuid' in message ? { job: message.job_uuid } : {};
    await withLogContext(job, () => dispatch(this.messages.handlers, message, frame, json));
  }

  private async read(session: ValidatorSession, text: string): Promise<Frame | null> {
    try {
      return { ...validatorToMiner.read(text), session, text };
    } catch (error) {
      if (!(error instanceof JsonError || error instanceof ShapeError)) throw error;
      this.logger.warn(`a frame could not be read: ${error.message.slice(0, 500)}`);
      await session.complain(error.message.slice(0, 2_000));
      return null;
    }
  }

  private async guarded(connection: Connection, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.error({ error }, 'a message of a validator could not be handled');
      connection.close(1011, 'internal error');
    }
  }
}
