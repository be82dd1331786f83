import { pause } from '@horde/async';
import { soleWork, type JobFrames, type Outbox } from '@horde/database';
import type { Keypair } from '@horde/identity';
import { troubleLog, withLogContext, type Logger } from '@horde/operations';
import {
  dispatch,
  facilitatorToValidator,
  facilitatorValidatorExtensions,
  FreshLogin,
  freshLoginText,
  Heartbeat,
  isCanonicalUuid,
  make,
  parseJson,
  readObject,
  requireHandlers,
  Response,
  ShapeError,
  JobOutputChunk,
  ValidatorLogin,
  type CancelJob,
  type DescribeJobRequest,
  type DryRunRequest,
  type Handlers,
  type JobOutputRequest,
  type JsonObject,
} from '@horde/protocol';
import {
  DurableLink,
  Link,
  OutputSender,
  readFrame,
  type Connection,
  type DurableEnd,
} from '@horde/transport';
import type { Cancellations } from '../jobs/cancellations.ts';
import type { JobIntake } from '../jobs/job-intake.ts';
import type { JobOutputs } from '../jobs/job-outputs.ts';
import type { JobBell } from '../jobs/job-bell.ts';
import type { ProgressRelay } from '../jobs/progress-relay.ts';
import type { WaitingJobs } from '../jobs/waiting-jobs.ts';
import type { CheatReports } from './cheat-reports.ts';
import { ProgressDelivery } from './progress-delivery.ts';
import type { Questions } from '../jobs/questions.ts';
import { QuestionDesk } from './question-desk.ts';
import { problems, StatusDelivery } from './status-delivery.ts';

/** How often the facilitator is sent a sign of life; it forgets who is silent for three minutes. @unit ms */
const heartbeatInterval = 60_000;
/** A facilitator that refuses us, or is away, is tried again after so long: who lets us in need not wait. @unit ms */
const maxPause = 2_000;
/** How long the facilitator may take to answer the login. @unit ms */
const loginLimit = 15_000;
/** The pause before it is tried again when serving it has failed. @unit ms */
const failurePause = 1_000;

/** Reads what a facilitator may send. Answers are the only frames without a type. */
const fromFacilitator = {
  read(text: string) {
    const json = parseJson(text);
    return json instanceof Map && !json.has('message_type')
      ? readObject(Response, json)
      : facilitatorToValidator.read(text);
  },
};

/** What belongs to one connection: frames of one that is gone may still be handled when the next one is there. */
interface Session {
  connection: Connection;
  link: DurableLink;
  loggedIn: PromiseWithResolvers<Response>;
  /** null before the facilitator has accepted us. */
  delivery: StatusDelivery | null;
  /** What jobs print, on `logs-2`. */
  output: OutputSender;
  /** null: that is not agreed on. */
  progress: ProgressDelivery | null;
}

/** What a link needs of the rest of the validator. */
interface LinkParts {
  /** The versions that the facilitator is sent. */
  version: string;
  runnerVersion: string;
  keypair: Keypair;
  databaseUrl: string;
  outbox: Outbox;
  intake: JobIntake;
  cheatReports: CheatReports;
  cancellations: Cancellations;
  relay: ProgressRelay;
  waiting: WaitingJobs;
  jobBell: JobBell;
  questions: Questions;
  outputs: JobOutputs;
  frames: JobFrames;
  logger: Logger;
}

/**
 * The connection to one facilitator: jobs come in, status updates go out. Of the processes that share a database one at a
 * time has it: a facilitator sends each job to all connections of a validator, and would hear of each twice.
 */
export class FacilitatorLink {
  private readonly stopping = new AbortController();
  private serving: Promise<void> = Promise.resolve();
  /** Whether another process serves it. */
  private isElsewhere = false;
  private link: Link | null = null;
  private heartbeat: NodeJS.Timeout | undefined;
  /** Of the newest connection. */
  private session: Session | null = null;
  private silence: () => void = () => undefined;
  /** The jobs that the facilitator takes for waiting. */
  private readonly toldWaits = new Set<string>();
  private trouble = 'not connected yet';
  private readonly desk: QuestionDesk;

  /** What is done with each message of the facilitator; the context is its exact text. */
  private readonly handlers: Handlers<typeof facilitatorToValidator, string> = {
    V2JobRequest: (job, text) => this.parts.intake.receive(job, text, this.uri),
    V0JobCheated: (report) => this.parts.cheatReports.receive(report, this.uri),
    V0CancelJobRequest: (message, text) => this.cancel(message, text),
    V0DryRunRequest: (question) => this.answer(question),
    V0DescribeJobRequest: (question) => this.answer(question),
    V0JobOutputRequest: (request) => this.outputAsked(request),
  };

  constructor(
    readonly uri: string,
    private readonly parts: LinkParts,
  ) {
    this.desk = new QuestionDesk(parts.questions, uri, parts.logger);
  }

  /** @returns what there is to know of it @throws Error while the facilitator cannot be used */
  check(): string | undefined {
    if (this.isElsewhere) return 'Another process of this validator serves it; this one waits to take over.';
    if (!this.link?.connection)
      throw new Error(`The facilitator at ${this.uri} cannot be used: ${this.trouble}.`);
    return undefined;
  }

  /** Serves the facilitator whenever no other process does. */
  open(): void {
    requireHandlers(facilitatorToValidator, this.handlers);
    this.silence = this.parts.outputs.onStored((job) => this.session?.output.ring(job));
    this.serving = this.serve(this.stopping.signal);
  }

  /** Leaves it to another process. */
  async close(): Promise<void> {
    this.stopping.abort();
    this.silence();
    await this.serving;
  }

  private async serve(signal: AbortSignal): Promise<void> {
    const { databaseUrl: url, logger } = this.parts;
    const trouble = troubleLog((error) =>
      logger.error({ error, facilitator: this.uri }, 'the facilitator cannot be served'),
    );
    const work = (held: AbortSignal) => {
      trouble.over();
      return this.whileHeld(held);
    };
    const onWait = () => this.wait();
    while (!signal.aborted) {
      try {
        await soleWork({ service: 'validator', url, name: `facilitator ${this.uri}`, signal, work, onWait });
      } catch (error) {
        this.isElsewhere = false;
        trouble.is(error);
        await pause(failurePause, signal).catch(() => undefined);
      }
    }
  }

  private wait(): void {
    this.isElsewhere = true;
    this.parts.logger.info(
      { facilitator: this.uri },
      'another process of this validator serves the facilitator; this one waits to take over',
    );
  }

  private async whileHeld(held: AbortSignal): Promise<void> {
    this.isElsewhere = false;
    const link = (this.link = this.connect());
    try {
      if (!held.aborted)
        await new Promise((resolve) => held.addEventListener('abort', resolve, { once: true }));
    } finally {
      this.link = null;
      this.trouble = 'it is not known whether another process serves it';
      // No update may go out beside those of the process that takes over; jobs that are on their way are still stored.
      void this.endConnection();
      await link.close();
      await this.session?.connection.handled();
      await this.endConnection();
    }
  }

  private connect(): Link {
    return new Link({
      url: this.uri,
      headers: {
        'X-Validator-Version': this.parts.version,
        'X-Validator-Runner-Version': this.parts.runnerVersion,
      },
      extensions: facilitatorValidatorExtensions,
      onOpening: (connection) => this.read(connection),
      greet: (connection) => this.login(connection),
      onUp: (connection) => this.up(connection),
      onDown: (why) => this.down(why),
      maxPause,
    });
  }

  private read(connection: Connection): void {
    const output = new OutputSender(
      this.parts.outputs,
      (chunk) => connection.send(chunk),
      (error) => {
        // Cut, the facilitator asks again on the next one.
        this.parts.logger.error({ error }, 'output of a job could not be read');
        connection.terminate();
      },
    );
    const { logger } = this.parts;
    const receive = (text: string) => this.receive(text, session);
    const end: DurableEnd = {
      // Its number decides nothing: what is stored says whether a message has been there before.
      onMessage: (_name, _number, text) => receive(text),
      onPlain: receive,
      onBadFrame: (problem) => logger.error({ problem }, 'the facilitator sent a frame that cannot be read'),
    };
    const session: Session = {
      connection,
      link: new DurableLink(connection, end, (error) =>
        logger.error({ error }, 'a frame of the facilitator could not be handled'),
      ),
      loggedIn: Promise.withResolvers(),
      delivery: null,
      output,
      progress: null,
    };
    session.loggedIn.promise.catch(() => undefined);
    this.session = session;
  }

  private async receive(text: string, session: Session): Promise<void> {
    const frame = await readFrame(fromFacilitator, text, async (problem, error) => {
      this.parts.logger.error({ problem }, 'the facilitator sent a frame that cannot be read');
      if (error instanceof ShapeError) await this.refuse(text, problem);
    });
    if (!frame) return;
    if ('status' in frame) return this.answered(frame, session);
    const { message, json } = frame;
    if (message.message_type === 'V2JobRequest') this.note(message.uuid, false, text);
    else if ('job_uuid' in message) this.note(message.job_uuid, false, text);
    await dispatch(this.handlers, message, text, json);
  }

  private note(job: string, isSent: boolean, text: string): void {
    this.parts.frames.note({ peer: 'facilitator', who: this.uri, job, isSent, text });
  }

  /** Jobs and cancels that come behind a question do not wait for its answer. */
  private answer(question: DryRunRequest | DescribeJobRequest): void {
    const { connection } = this.session!;
    if (!connection.extensions.has('ask-1')) return;
    void this.desk.answer(question).then((answer) => connection.send(answer));
  }

  private async answered(response: Response, { loggedIn, delivery }: Session): Promise<void> {
    if (delivery) await delivery.answered(response);
    else loggedIn.resolve(response);
  }

  /** A job that is read by nobody would wait for ever; its user learns why it does not run. */
  private async refuse(text: string, problem: string): Promise<void> {
    const json = parseJson(text) as JsonObject;
    const uuid = json.get('uuid');
    if (json.get('message_type') !== 'V2JobRequest' || typeof uuid !== 'string') return;
    await withLogContext({ job: uuid }, () => this.parts.intake.refuse(uuid, text, problem, this.uri));
  }

  private async cancel(message: CancelJob, text: string): Promise<void> {
    const { cancellations, logger } = this.parts;
    const { job_uuid: job, cancelled_by: by } = message;
    if (!isCanonicalUuid(job)) return;
    const came = await cancellations.cancelFor(this.uri, message, text);
    withLogContext({ job }, () => logger.info({ by, came }, 'the facilitator asks to cancel the job'));
  }

  private async outputAsked(request: JobOutputRequest): Promise<void> {
    const session = this.session!;
    const { job_uuid, stream, offset, credit } = request;
    const { output } = session;
    if (await this.parts.outputs.asked(this.uri, request, output.knows(job_uuid)))
      return output.request(request);
    if (credit > 0)
      await session.connection.send(make(JobOutputChunk, { job_uuid, stream, offset, end: true }));
  }

  private async login(connection: Connection): Promise<void> {
    const { keypair } = this.parts;
    const facilitator = new URL(this.uri).host;
    await connection.send(
      connection.extensions.has('login-1') ? freshLogin(keypair, facilitator) : plainLogin(keypair),
    );
    const session = this.session!;
    const { loggedIn } = session;
    const timer = setTimeout(() => loggedIn.reject(new Error('it did not answer the login')), loginLimit);
    const response = await loggedIn.promise.finally(() => clearTimeout(timer));
    if (response.status === 'error') {
      throw new Error(
        `it refused the login: ${problems(response)
          .map(({ msg }) => msg)
          .join(', ')}`,
      );
    }
    // From here on answers are for status updates; it is set before the next frame can be read.
    const { outbox, logger } = this.parts;
    const note = (job: string, text: string) => this.note(job, true, text);
    session.delivery = new StatusDelivery(outbox, this.uri, connection, session.link, note, logger);
    if (connection.extensions.has('progress-1'))
      session.progress = new ProgressDelivery(this.uri, connection, this.toldWaits, this.parts);
  }

  private up(connection: Connection): void {
    this.parts.logger.info({ facilitator: this.uri }, 'the facilitator has accepted the validator');
    this.trouble = '';
    this.heartbeat = setInterval(() => void connection.send(make(Heartbeat, {})), heartbeatInterval);
  }

  private down(why: string): void {
    // The link is tried again for ever; the same reason is logged once.
    const level = why === this.trouble ? 'debug' : 'warn';
    this.parts.logger[level]({ facilitator: this.uri }, `the facilitator cannot be used: ${why}`);
    this.trouble = why;
    void this.endConnection();
  }

  private async endConnection(): Promise<void> {
    clearInterval(this.heartbeat);
    this.session?.progress?.stop();
    await this.session?.delivery?.stop();
  }
}

/** The same each time. */
function plainLogin(keypair: Keypair): ValidatorLogin {
  const { publicKey } = keypair;
  return make(ValidatorLogin, {
    public_key: Buffer.from(publicKey).toString('hex'),
    signature: keypair.signHex(publicKey),
  });
}

function freshLogin(keypair: Keypair, facilitator: string): FreshLogin {
  const login = {
    hotkey: keypair.address,
    facilitator,
    timestamp_ns: BigInt(Date.now()) * 1_000_000n,
  };
  return make(FreshLogin, { ...login, signature: keypair.signHex(freshLoginText(login)) });
}
