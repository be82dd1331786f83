import { OutboxDrain, type Outbox, type OutboxRow } from '@horde/database';
import { ss58Encode, verifyHex } from '@horde/identity';
import { withLogContext, type LogThrottle, type Logger } from '@horde/operations';
import {
  dispatch,
  facilitatorToValidator,
  isOldStatusUpdate,
  JsonError,
  newJobForOldValidator,
  validatorToFacilitator,
  writeCompact,
  type Handlers,
  type JobStatusUpdate,
  type JsonObject,
  type NewJob,
  type Response,
  type ValidatorLogin,
} from '@horde/protocol';
import { limits, readFrame, type Connection, type Upgrade } from '@horde/transport';
import type { JobStatuses } from '../jobs/job-statuses.ts';
import { maxPythonFrame, type Channels } from '../validators/channels.ts';
import type { ValidatorDirectory } from '../validators/validator-directory.ts';
import { failed, success } from './responses.ts';

/** The largest frame from a peer that has not said who it is: a login has 300 characters. @unit characters */
const maxFrameBeforeLogin = 4_096;

/** Close codes that validators know. */
const closeCode = { badSignature: 3000, notAValidator: 3001 } as const;

export interface SessionParts {
  channels: Channels;
  directory: ValidatorDirectory;
  statuses: JobStatuses;
  outbox: Outbox;
  logger: Logger;
  /** Lines about refused logins, by hotkey. */
  refusals: LogThrottle;
}

/** One connection of one validator. */
export class ValidatorSession {
  /** Whose it is; null before the login. */
  hotkey: string | null = null;
  /** Its row among the channels; null before the login and after the end. */
  channelId: string | null = null;
  private readonly isPython: boolean;
  private readonly maxFrame: number;
  private drain: OutboxDrain | null = null;
  private isDelivering = false;

  constructor(
    private readonly connection: Connection,
    private readonly upgrade: Upgrade,
    private readonly parts: SessionParts,
  ) {
    this.isPython = (upgrade.headers['user-agent'] ?? '').includes('websockets/');
    this.maxFrame = this.isPython ? maxPythonFrame : limits.maxFrame;
    connection.onTimeLimit = () => connection.close(closeCode.badSignature, 'not authenticated in time');
    connection.serve({
      receive: (text) => withLogContext({ peer: this.hotkey ?? undefined }, () => this.handle(text)),
      onBadFrame: (sentence) => this.answer(failed('invalid', sentence)),
      onError: (error) =>
        parts.logger.error(
          { error, peer: this.hotkey ?? undefined },
          'a message of a validator could not be handled',
        ),
    });
  }

  /** Delivers jobs to this connection while it is its validator's newest; does nothing if it does so already. */
  deliver(): void {
    const { hotkey, channelId } = this;
    if (!hotkey || !channelId || this.isDelivering) return;
    this.isDelivering = true;
    this.drain?.stop();
    this.drain = new OutboxDrain(
      this.parts.outbox,
      hotkey,
      (row) => withLogContext({ peer: hotkey, job: row.subject }, () => this.send(hotkey, channelId, row)),
      (error) => this.parts.logger.error({ error }, 'the jobs that wait for a validator could not be read'),
    );
  }

  /** The validator has left the chain, or has been silent for too long. */
  dismiss(): void {
    this.connection.close(closeCode.notAValidator, 'not an active validator');
  }

  /** Closes the connection because the service stops; resolves when it is gone. */
  async leave(): Promise<void> {
    // Not 1001: after that a Python validator ends instead of connecting again.
    this.connection.close(1012, 'the service is restarting');
    const cut = setTimeout(() => this.connection.terminate(), 1_000);
    await this.connection.closed;
    clearTimeout(cut);
  }

  /** Clears up after the connection. */
  async end(): Promise<void> {
    this.drain?.stop();
    const id = this.channelId;
    this.channelId = null;
    if (id) await this.parts.channels.close(id);
  }

  private async handle(text: string): Promise<void> {
    if (!this.hotkey && text.length > maxFrameBeforeLogin) {
      this.connection.close(1009, 'log in first');
      return;
    }
    const frame = await readFrame(validatorToFacilitator, text, (sentence, error) =>
      this.answer(failed(error instanceof JsonError ? 'json_invalid' : 'value_error', sentence)),
    );
    if (!frame) return;
    const { message, json } = frame;
    if (this.hotkey || message.message_type === 'V0AuthenticationRequest')
      await dispatch(ValidatorSession.handlers, message, this, json);
    else await this.answer(failed('auth.not_authenticated', 'Not authenticated'));
  }

  private async answer(response: Response): Promise<void> {
    await this.connection.send(response);
  }

  /** What is done with each message of a validator. */
  static readonly handlers: Handlers<typeof validatorToFacilitator, ValidatorSession> = {
    V0AuthenticationRequest: (login, session) => session.logIn(login),
    V0Heartbeat: (_message, session) => session.beat(),
    V0JobStatusUpdate: (update, session, json) => session.updateStatus(update, json),
    // ComputeHorde does not answer these either.
    V0MachineSpecsUpdate: ({ miner_hotkey: miner, specs }, { parts }) =>
      parts.logger.info(
        { miner, specs: writeCompact(specs).slice(0, 2_000) },
        'a machine was described; this is logged, and nothing else is done with it yet',
      ),
  };

  private async logIn({ public_key: publicKey, signature }: ValidatorLogin): Promise<void> {
    const { channels, directory, logger } = this.parts;
    if (this.hotkey) {
      await this.connection.send(failed('auth.already_authenticated', 'Already authenticated'));
      return;
    }
    const key = /^[0-9a-fA-F]{64}$/.test(publicKey) ? Buffer.from(publicKey, 'hex') : null;
    const hotkey = key && ss58Encode(key);
    if (!key || !hotkey || !(await directory.isActive(hotkey))) {
      if (hotkey && verifyHex(key, signature, hotkey)) await channels.noteRefused(hotkey);
      return this.refuse(
        hotkey,
        closeCode.notAValidator,
        'auth.validator_not_found',
        'Validator not found',
        `${hotkey ?? 'This key'} is not an active validator of this subnet. The facilitator's command "debug_add_validator ${hotkey ?? 'HOTKEY'}" lets it in.`,
      );
    }
    if (!verifyHex(key, signature, hotkey)) {
      return this.refuse(
        hotkey,
        closeCode.badSignature,
        'auth.signature_invalid',
        'Invalid signature',
        'The signature has to be over the 32 bytes of the public key.',
      );
    }
    this.connection.trust();
    const header = (name: string) =>
      (this.upgrade.headers[name] as string | undefined)?.slice(0, 200) ?? null;
    const channelId = await channels.open({
      validatorHotkey: hotkey,
      maxFrame: this.maxFrame,
      version: header('x-validator-version'),
      runnerVersion: header('x-validator-runner-version'),
    });
    this.hotkey = hotkey;
    // No job may come before this answer: the validator takes the first frame for it.
    await this.connection.send(success());
    if (!this.connection.isOpen) return channels.close(channelId);
    this.channelId = channelId;
    logger.info({ validator: hotkey }, 'a validator has connected');
    this.deliver();
  }

  private async refuse(
    hotkey: string | null,
    code: number,
    type: string,
    msg: string,
    help: string,
  ): Promise<void> {
    const { logger, refusals } = this.parts;
    if (refusals.allows(hotkey ?? ''))
      logger.warn({ hotkey, from: this.upgrade.remoteAddress, help }, `a validator was refused: ${msg}`);
    await this.connection.send(failed(type, msg, help));
    this.connection.close(code, msg);
  }

  private async beat(): Promise<void> {
    if (!this.channelId) return;
    if (!(await this.parts.channels.beat(this.channelId))) return this.dismiss();
    if (this.isDelivering && this.isPython && (await this.parts.channels.leavesJobUnanswered(this.channelId)))
      // Only what it sends tells a validator's generation, and the oldest is silent about a job that it cannot read.
      await this.noteGeneration(true);
    // A newer connection, to another replica perhaps, may have ended since.
    this.deliver();
  }

  /** What waits for a validator that turns out to be of the oldest generation is sent again, in the form that it reads. */
  private async noteGeneration(isOldest: boolean): Promise<void> {
    if (!(await this.parts.directory.noteGeneration(this.hotkey!, isOldest))) return;
    this.parts.logger.info('the validator is taken for one of the oldest generation from now on');
    if (!this.isDelivering) return;
    this.isDelivering = false;
    this.deliver();
  }

  private async updateStatus(update: JobStatusUpdate, json: JsonObject): Promise<void> {
    const { statuses, logger } = this.parts;
    await withLogContext({ job: update.uuid }, async () => {
      const result = await statuses.update(this.hotkey!, update, json);
      if (update.metadata) await this.noteGeneration(isOldStatusUpdate(json));
      if (result === 'stored') {
        logger.info(`the job is ${update.status}`);
        await this.connection.send(success());
      } else if (result === 'not_found') {
        await this.connection.send(
          failed('job.not_found', 'Job not found', `Job with uuid ${update.uuid} not found.`),
        );
      } else {
        const help = `The job has the status ${update.status} already, or a later one.`;
        await this.connection.send(failed('job.integrity_error', 'Integrity error', help));
      }
    });
  }

  /** Sends a job; false ends the delivery to this connection. */
  private async send(hotkey: string, channelId: string, row: OutboxRow): Promise<boolean> {
    const { channels, statuses, logger } = this.parts;
    try {
      const channel = await channels.newest(hotkey);
      if (channel?.id !== channelId) return (this.isDelivering = false);
      const frame = channel.isOldest ? frameForOldest(row) : row.frame;
      const size = Buffer.byteLength(frame);
      if (size > this.maxFrame) {
        // It was created for a connection that could take it. Sent, it would cut this one off, and the next.
        const why = `The job's message has ${size} bytes, and its validator reads at most ${this.maxFrame}.`;
        logger.warn(why);
        await statuses.failHere(hotkey, row.subject, why);
        return true;
      }
      if (!(await this.connection.sendText(frame))) return false;
      logger.info('the job was sent to its validator');
      return true;
    } catch (error) {
      logger.error({ error }, 'a job could not be sent to its validator');
      this.connection.close(1011, 'internal error');
      return false;
    }
  }
}

/** A job in the form that validators of the oldest generation read; the outbox has it in today's. */
const frameForOldest = ({ frame }: OutboxRow): string =>
  newJobForOldValidator(facilitatorToValidator.read(frame).message as NewJob);
