import { pause } from '@horde/async';
import { soleWork, type Outbox } from '@horde/database';
import type { Keypair } from '@horde/identity';
import { troubleLog, withLogContext, type Logger } from '@horde/operations';
import {
  dispatch,
  facilitatorToValidator,
  Heartbeat,
  make,
  parseJson,
  readObject,
  requireHandlers,
  Response,
  ShapeError,
  ValidatorLogin,
  type Handlers,
  type JsonObject,
} from '@horde/protocol';
import { Link, readFrame, type Connection } from '@horde/transport';
import type { JobIntake } from '../jobs/job-intake.ts';
import type { CheatReports } from './cheat-reports.ts';
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
  loggedIn: PromiseWithResolvers<Response>;
  /** null before the facilitator has accepted us. */
  delivery: StatusDelivery | null;
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
  private trouble = 'not connected yet';

  /** What is done with each message of the facilitator; the context is its exact text. */
  private readonly handlers: Handlers<typeof facilitatorToValidator, string> = {
    V2JobRequest: (job, text) => this.parts.intake.receive(job, text, this.uri),
    V0JobCheated: (report) => this.parts.cheatReports.receive(report, this.uri),
  };

  constructor(
    readonly uri: string,
    private readonly parts: LinkParts,
  ) {}

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
    this.serving = this.serve(this.stopping.signal);
  }

  /** Leaves it to another process. */
  async close(): Promise<void> {
    this.stopping.abort();
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
      this.endConnection();
      await link.close();
      await this.session?.connection.handled();
      this.endConnection();
    }
  }

  private connect(): Link {
    return new Link({
      url: this.uri,
      headers: {
        'X-Validator-Version': this.parts.version,
        'X-Validator-Runner-Version': this.parts.runnerVersion,
      },
      onOpening: (connection) => this.read(connection),
      greet: (connection) => this.login(connection),
      onUp: (connection) => this.up(connection),
      onDown: (why) => this.down(why),
      maxPause,
    });
  }

  private read(connection: Connection): void {
    const session: Session = { connection, loggedIn: Promise.withResolvers(), delivery: null };
    session.loggedIn.promise.catch(() => undefined);
    this.session = session;
    connection.serve({
      receive: (text) => this.receive(text, session),
      onBadFrame: () =>
        this.parts.logger.error('the facilitator sent a binary frame; only text is understood'),
      onError: (error) =>
        this.parts.logger.error({ error }, 'a frame of the facilitator could not be handled'),
    });
  }

  private async receive(text: string, session: Session): Promise<void> {
    const frame = await readFrame(fromFacilitator, text, async (problem, error) => {
      this.parts.logger.error({ problem }, 'the facilitator sent a frame that cannot be read');
      if (error instanceof ShapeError) await this.refuse(text, problem);
    });
    if (!frame) return;
    if ('status' in frame) await this.answered(frame, session);
    else await dispatch(this.handlers, frame.message, text, frame.json);
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

  private async login(connection: Connection): Promise<void> {
    const { publicKey } = this.parts.keypair;
    const login = {
      public_key: Buffer.from(publicKey).toString('hex'),
      signature: this.parts.keypair.signHex(publicKey),
    };
    await connection.send(make(ValidatorLogin, login));
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
    session.delivery = new StatusDelivery(this.parts.outbox, this.uri, connection, this.parts.logger);
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
    this.endConnection();
  }

  private endConnection(): void {
    clearInterval(this.heartbeat);
    this.session?.delivery?.stop();
  }
}
