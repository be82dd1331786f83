import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Outbox } from '@horde/database';
import { Keypair } from '@horde/identity';
import { Health, LOGGER, type Logger } from '@horde/operations';
import {
  dispatch,
  facilitatorToValidator,
  Heartbeat,
  JsonError,
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
import { Link, type Connection } from '@horde/transport';
import { JobIntake } from '../jobs/job-intake.ts';
import { ValidatorSettings } from '../settings.ts';
import { CheatReports } from './cheat-reports.ts';
import { problems, StatusDelivery } from './status-delivery.ts';

/** How often the facilitator is told that we are alive; it forgets who is silent for three minutes. @unit ms */
const heartbeatInterval = 60_000;
/** A facilitator that refuses us, or is away, is tried again after so long: who lets us in need not wait. @unit ms */
const maxPause = 2_000;
/** How long the facilitator may take to answer the login. @unit ms */
const loginLimit = 15_000;

/** What belongs to one connection: frames of one that is gone may still be handled when the next one is there. */
interface Session {
  loggedIn: PromiseWithResolvers<Response>;
  /** null before the facilitator has accepted us. */
  delivery: StatusDelivery | null;
}

/** The connection to the facilitator: jobs come in, status updates go out. */
@Injectable()
export class FacilitatorLink implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private link: Link | null = null;
  private heartbeat: NodeJS.Timeout | undefined;
  /** Of the newest connection. */
  private session: Session | null = null;
  private trouble = 'not connected yet';

  /** What is done with each message of the facilitator; the context is its exact text. */
  private readonly handlers: Handlers<typeof facilitatorToValidator, string> = {
    V2JobRequest: (job, text) => this.intake.receive(job, text),
    V0JobCheated: (report) => this.cheatReports.receive(report),
  };

  constructor(
    private readonly settings: ValidatorSettings,
    private readonly keypair: Keypair,
    private readonly outbox: Outbox,
    private readonly intake: JobIntake,
    private readonly cheatReports: CheatReports,
    health: Health,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    health.add('facilitator link', async () => {
      if (!this.link?.connection)
        throw new Error(`The facilitator at ${settings.facilitatorUri} cannot be used: ${this.trouble}.`);
    });
  }

  onApplicationBootstrap(): void {
    requireHandlers(facilitatorToValidator, this.handlers);
    this.link = new Link({
      url: this.settings.facilitatorUri,
      headers: {
        'X-Validator-Version': this.settings.version,
        'X-Validator-Runner-Version': this.settings.runnerVersion,
      },
      onOpening: (connection) => this.read(connection),
      greet: (connection) => this.login(connection),
      onUp: (connection) => this.up(connection),
      onDown: (why) => this.down(why),
      maxPause,
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.link?.close();
    this.endConnection();
  }

  private read(connection: Connection): void {
    const session: Session = { loggedIn: Promise.withResolvers(), delivery: null };
    session.loggedIn.promise.catch(() => undefined);
    this.session = session;
    connection.onText(
      async (text) => {
        try {
          await this.frame(text, session);
        } catch (error) {
          if (!(error instanceof JsonError || error instanceof ShapeError)) {
            this.logger.error({ error }, 'a frame of the facilitator could not be handled');
            return connection.close(1011, 'internal error');
          }
          this.logger.error(
            { problem: error.message.slice(0, 2_000) },
            'the facilitator sent a frame that cannot be read',
          );
          if (error instanceof ShapeError) await this.refuse(text, error, connection);
        }
      },
      () => this.logger.error('the facilitator sent a binary frame; only text is understood'),
    );
  }

  private async frame(text: string, { loggedIn, delivery }: Session): Promise<void> {
    const json = parseJson(text);
    // Answers are the only frames without a type.
    if (json instanceof Map && !json.has('message_type')) {
      const response = readObject(Response, json);
      if (delivery) await delivery.answered(response);
      else loggedIn.resolve(response);
      return;
    }
    const { message, json: object } = facilitatorToValidator.read(text);
    await dispatch(this.handlers, message, text, object);
  }

  /** A job that is read by nobody would wait for ever; its user learns why it does not run. */
  private async refuse(text: string, { message }: ShapeError, connection: Connection): Promise<void> {
    const json = parseJson(text) as JsonObject;
    const uuid = json.get('uuid');
    if (json.get('message_type') !== 'V2JobRequest' || typeof uuid !== 'string') return;
    try {
      await this.intake.refuse(uuid, text, message.slice(0, 2_000));
    } catch (error) {
      this.logger.error({ error, job: uuid }, 'the rejection of a job could not be stored');
      connection.close(1011, 'internal error');
    }
  }

  private async login(connection: Connection): Promise<void> {
    const { publicKey } = this.keypair;
    const login = {
      public_key: Buffer.from(publicKey).toString('hex'),
      signature: this.keypair.signHex(publicKey),
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
    session.delivery = new StatusDelivery(this.outbox, connection, this.logger);
  }

  private up(connection: Connection): void {
    this.logger.info(
      { facilitator: this.settings.facilitatorUri },
      'the facilitator has accepted the validator',
    );
    this.trouble = '';
    this.heartbeat = setInterval(() => void connection.send(make(Heartbeat, {})), heartbeatInterval);
  }

  private down(why: string): void {
    // The link is tried again for ever; the same reason is told once.
    const level = why === this.trouble ? 'debug' : 'warn';
    this.logger[level](
      { facilitator: this.settings.facilitatorUri },
      `the facilitator cannot be used: ${why}`,
    );
    this.trouble = why;
    this.endConnection();
  }

  private endConnection(): void {
    clearInterval(this.heartbeat);
    this.session?.delivery?.stop();
  }
}
