import { isSs58, ss58Encode, verifyHex } from '@horde/identity';
import { withLogContext, type LogThrottle } from '@horde/operations';
import {
  dispatch,
  FreshLogin,
  isOldStatusUpdate,
  isTerminal,
  JsonError,
  validatorToFacilitator,
  type Handlers,
  type JobStatusUpdate,
  type JsonObject,
  type MachineSpecsUpdate,
  type QuestionAnswer,
  type Response,
  type MessageOf,
  ValidatorLogin,
} from '@horde/protocol';
import {
  DurableLink,
  limits,
  readFrame,
  type Connection,
  type Pending,
  type Upgrade,
} from '@horde/transport';
import type { AnswerDeadlines } from '../jobs/answer-deadlines.ts';
import type { JobProgress } from '../events/job-progress.ts';
import type { UpdateResult } from '../jobs/job-statuses.ts';
import type { Machines, SpecsResult } from '../machines/machines.ts';
import type { MinerSync } from '../miners/miner-sync.ts';
import type { Questions } from '../questions/questions.ts';
import { maxPythonFrame } from '../validators/channels.ts';
import type { ValidatorDirectory } from '../validators/validator-directory.ts';
import type { OutputStore } from '../output/output-store.ts';
import type { FreshLogins } from './fresh-logins.ts';
import { JobDelivery, type DeliveryParts } from './job-delivery.ts';
import { NumberedStatuses } from './numbered-statuses.ts';
import { failed, success } from './responses.ts';
import { ValidatorOutput } from './validator-output.ts';

/** The largest frame from a peer that has not said who it is: a login has 300 characters. @unit characters */
const maxFrameBeforeLogin = 4_096;

/** Close codes that validators know. */
const closeCode = { badSignature: 3000, notAValidator: 3001 } as const;

export interface SessionParts extends DeliveryParts {
  directory: ValidatorDirectory;
  freshLogins: FreshLogins;
  deadlines: AnswerDeadlines;
  progress: JobProgress;
  machines: Machines;
  miners: MinerSync;
  questions: Questions;
  output: OutputStore;
  /** Lines about what was refused, by hotkey. */
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
  private readonly output: ValidatorOutput;
  /** Called when the validator has logged in. */
  onLogIn: () => void = () => undefined;
  private readonly link: DurableLink;
  /** null before the login, as is what follows. */
  private numbered: NumberedStatuses | null = null;
  private delivery: JobDelivery | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly upgrade: Upgrade,
    private readonly parts: SessionParts,
  ) {
    this.isPython = (upgrade.headers['user-agent'] ?? '').includes('websockets/');
    this.maxFrame = this.isPython ? maxPythonFrame : limits.maxFrame;
    this.output = new ValidatorOutput(connection, parts.output, parts.logger, parts.refusals);
    connection.onTimeLimit = () => connection.close(closeCode.badSignature, 'not authenticated in time');
    const withValidator = <T>(work: () => T): T =>
      withLogContext({ validator: this.hotkey ?? undefined }, work);
    this.link = new DurableLink(
      connection,
      {
        isReady: () => this.numbered !== null,
        onMessage: (name, _number, text) => withValidator(() => this.takeNumbered(name, text)),
        onPlain: (text) => withValidator(() => this.take(text)),
        onBadFrame: (sentence) => this.answer(failed('invalid', sentence)),
      },
      (error) => this.failed(error),
    );
  }

  /** Delivers jobs to this connection while it is its validator's newest; does nothing if it does so already. */
  deliver(): void {
    this.delivery?.begin();
  }

  /** Newer connections of the validator take its place. */
  displace(): void {
    this.connection.close(1008, 'newer connections of this validator take its place');
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

  /** Whether its login counts once: nobody can have overheard it. */
  get isFresh(): boolean {
    return this.connection.extensions.has('login-1');
  }

  /** Clears up after the connection. */
  async end(): Promise<void> {
    this.delivery?.stop();
    this.delivery = null;
    const id = this.channelId;
    this.channelId = null;
    if (!id) return;
    this.parts.questions.close(id);
    await this.parts.channels.close(id);
    await this.parts.deadlines.disconnected(this.hotkey!);
  }

  private async take(text: string): Promise<void> {
    if (!this.hotkey && text.length > maxFrameBeforeLogin) {
      this.connection.close(1009, 'log in first');
      return;
    }
    const frame = await this.read(text);
    if (!frame) return;
    const { message, json } = frame;
    if (this.hotkey || message instanceof ValidatorLogin || message instanceof FreshLogin)
      await dispatch(ValidatorSession.handlers, message, this, json);
    else await this.answer(failed('auth.not_authenticated', 'Not authenticated'));
  }

  private async takeNumbered(name: string, text: string): Promise<Pending> {
    const numbered = this.numbered!;
    const frame = await this.read(text);
    if (frame?.message.message_type === 'V0JobStatusUpdate')
      return numbered.take(name, { update: frame.message, raw: frame.json });
    if (frame) await dispatch(ValidatorSession.handlers, frame.message, this, frame.json);
    return numbered.behind();
  }

  private read(
    text: string,
  ): Promise<{ message: MessageOf<typeof validatorToFacilitator>; json: JsonObject } | null> {
    return readFrame(validatorToFacilitator, text, (sentence, error) =>
      this.answer(failed(error instanceof JsonError ? 'json_invalid' : 'value_error', sentence)),
    );
  }

  private failed(error: unknown): void {
    const { logger } = this.parts;
    logger.error(
      { error, validator: this.hotkey ?? undefined },
      'a message of a validator could not be handled',
    );
  }

  private async answer(response: Response): Promise<void> {
    await this.connection.send(response);
  }

  /** What is done with each message of a validator. */
  static readonly handlers: Handlers<typeof validatorToFacilitator, ValidatorSession> = {
    V0AuthenticationRequest: (login, session) => session.logIn(login),
    V0FreshLogin: (login, session) => session.logInFreshly(login),
    V0Heartbeat: (_message, session) => session.beat(),
    V0JobStatusUpdate: (update, session, json) => session.updateStatus(update, json),
    // ComputeHorde does not answer these either.
    V0MachineSpecsUpdate: (update, session) => session.noteMachine(update),
    V0DryRunResponse: (answer, session) => session.answered(answer),
    V0JobDescription: (answer, session) => session.answered(answer),
    V0QuestionRefused: (answer, session) => session.answered(answer),
    V0JobOutputChunk: (chunk, session) => session.output.take(chunk),
    V0JobProgress: (progress, session) => {
      if (session.speaksProgress) session.parts.progress.noteProgress(session.hotkey!, progress);
    },
    V0JobWait: (wait, session) => {
      if (session.speaksProgress) session.parts.progress.noteWait(session.hotkey!, wait);
    },
  };

  private get speaksProgress(): boolean {
    return this.connection.extensions.has('progress-1');
  }

  private async noteMachine(update: MachineSpecsUpdate): Promise<void> {
    const { machines, miners, logger } = this.parts;
    const hotkey = this.hotkey!;
    const result = await machines.note(hotkey, update);
    if (result !== 'unknown_miner') return this.tellMachine(update, result);
    // The miner may be new on the chain. What the validator says meanwhile does not wait for that.
    void miners
      .lookAgain()
      .then(async () => this.tellMachine(update, await machines.note(hotkey, update)))
      .catch((error: unknown) => logger.error({ error }, 'the description of a machine could not be stored'));
  }

  private tellMachine(
    { miner_hotkey: miner, validator_hotkey: validator }: MachineSpecsUpdate,
    result: SpecsResult,
  ): void {
    const { logger, refusals } = this.parts;
    if (result !== 'stored' && refusals.allows(`${this.hotkey} ${result}`))
      logger.warn({ miner, validator, result }, 'the description of a machine was not stored');
  }

  private answered(answer: QuestionAnswer): Promise<void> {
    return this.parts.questions.answered(this.hotkey!, answer);
  }

  private logIn({ public_key: publicKey, signature }: ValidatorLogin): Promise<void> {
    const key = /^[0-9a-fA-F]{64}$/.test(publicKey) ? Buffer.from(publicKey, 'hex') : null;
    const hotkey = key && ss58Encode(key);
    return this.logInAs(hotkey, async () => {
      if (!verifyHex(key!, signature, hotkey!))
        return 'The signature has to be over the 32 bytes of the public key.';
      // This login is the same each time: whoever has seen it once has it.
      return this.isFresh || (await this.parts.channels.logsInFreshly(hotkey!))
        ? 'This validator logs in with login-1. Ten minutes after it was here last, it may log in without.'
        : null;
    });
  }

  private logInFreshly(login: FreshLogin): Promise<void> {
    const hotkey = isSs58(login.hotkey) ? login.hotkey : null;
    return this.logInAs(hotkey, () => this.parts.freshLogins.problem(login));
  }

  /** @param problem says why the login does not count; null: it does */
  private async logInAs(hotkey: string | null, problem: () => Promise<string | null>): Promise<void> {
    const { channels, directory, deadlines, logger } = this.parts;
    if (this.hotkey) {
      await this.connection.send(failed('auth.already_authenticated', 'Already authenticated'));
      return;
    }
    if (!hotkey || !(await directory.isActive(hotkey))) {
      if (hotkey && (await problem()) === null) await channels.noteRefused(hotkey);
      return this.refuse(
        hotkey,
        closeCode.notAValidator,
        'auth.validator_not_found',
        'Validator not found',
        `${hotkey ?? 'This key'} is not an active validator of this subnet. The facilitator's command "debug_add_validator ${hotkey ?? 'HOTKEY'}" lets it in.`,
      );
    }
    const help = await problem();
    if (help !== null)
      return this.refuse(hotkey, closeCode.badSignature, 'auth.signature_invalid', 'Invalid signature', help);
    this.connection.trust();
    const { extensions } = this.connection;
    // No Python validator speaks it.
    if (extensions.has('durable-1')) await directory.noteGeneration(hotkey, false);
    const header = (name: string) =>
      (this.upgrade.headers[name] as string | undefined)?.slice(0, 200) ?? null;
    const channelId = await channels.open({
      validatorHotkey: hotkey,
      maxFrame: this.maxFrame,
      extensions: [...extensions],
      version: header('x-validator-version'),
      runnerVersion: header('x-validator-runner-version'),
    });
    this.hotkey = hotkey;
    this.numbered = new NumberedStatuses(
      hotkey,
      this.parts.statuses,
      ({ update }, result) => {
        this.noteStatus(update, result);
        if (result === 'not_found') void this.answer(answerTo(update, result));
      },
      (error) => {
        this.failed(error);
        this.connection.close(1011, 'internal error');
      },
    );
    // No job may come before this answer: the validator takes the first frame for it.
    await this.connection.send(success());
    if (!this.connection.isOpen) return channels.close(channelId);
    this.channelId = channelId;
    const { connection, link, output, maxFrame, parts } = this;
    const place = { validator: hotkey, channelId, connection, link, output, maxFrame };
    this.delivery = new JobDelivery(place, parts);
    this.onLogIn();
    await deadlines.connected(hotkey, [...extensions]);
    logger.info({ validator: hotkey }, 'a validator has connected');
    this.deliver();
    if (extensions.has('ask-1'))
      this.parts.questions.open(channelId, hotkey, (frame) => void this.connection.sendText(frame));
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
    await this.delivery?.settleReports();
    if (
      this.delivery?.isDelivering &&
      this.isPython &&
      (await this.parts.channels.leavesJobUnanswered(this.channelId))
    )
      // Only what it sends tells a validator's generation, and the oldest is silent about a job that it cannot read.
      await this.noteGeneration(true);
    // A newer connection, to another replica perhaps, may have ended since.
    this.deliver();
  }

  /** What waits for a validator that turns out to be of the oldest generation is sent again, in the form that it reads. */
  private async noteGeneration(isOldest: boolean): Promise<void> {
    if (!(await this.parts.directory.noteGeneration(this.hotkey!, isOldest))) return;
    this.parts.logger.info('the validator is taken for one of the oldest generation from now on');
    this.delivery?.again();
  }

  private async updateStatus(update: JobStatusUpdate, raw: JsonObject): Promise<void> {
    const result = await this.parts.statuses.update(this.hotkey!, { update, raw });
    if (update.metadata) await this.noteGeneration(isOldStatusUpdate(raw));
    this.noteStatus(update, result);
    await this.answer(answerTo(update, result));
  }

  private noteStatus({ uuid: job, status }: JobStatusUpdate, result: UpdateResult): void {
    if (result !== 'stored') return;
    this.parts.logger.info({ job }, `the job is ${status}`);
    if (isTerminal(status)) this.output.jobEnded(job.toLowerCase());
  }
}

function answerTo({ uuid, status }: JobStatusUpdate, result: UpdateResult): Response {
  switch (result) {
    case 'stored':
      return success();
    case 'not_found':
      return failed('job.not_found', 'Job not found', `Job with uuid ${uuid} not found.`);
    case 'out_of_order': {
      const help = `The job has the status ${status} already, or a later one.`;
      return failed('job.integrity_error', 'Integrity error', help);
    }
  }
}
