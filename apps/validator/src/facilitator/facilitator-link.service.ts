import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Outbox } from '@horde/database';
import { Keypair } from '@horde/identity';
import { Health, type Logger } from '@horde/operations';
import {
  facilitatorToValidator,
  Heartbeat,
  JsonError,
  make,
  parseJson,
  readObject,
  Response,
  ShapeError,
  ValidatorLogin,
} from '@horde/protocol';
import { Link, type Connection } from '@horde/transport';
import { JobIntake } from '../jobs/job-intake.service.ts';
import { ValidatorSettings } from '../settings.ts';
import { CheatReports } from './cheat-reports.service.ts';
import { problems, StatusDelivery } from './status-delivery.ts';

/** How often the facilitator is told that we are alive; it forgets who is silent for three minutes. @unit ms */
const heartbeatInterval = 60_000;
/** How long the facilitator may take to answer the login. @unit ms */
const loginLimit = 15_000;

/** The connection to the facilitator: jobs come in, status updates go out. */
@Injectable()
export class FacilitatorLink implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private link: Link | null = null;
  private heartbeat: NodeJS.Timeout | undefined;
  private delivery: StatusDelivery | null = null;
  private loggedIn = Promise.withResolvers<Response>();
  private trouble = 'not connected yet';

  constructor(
    private readonly settings: ValidatorSettings,
    private readonly keypair: Keypair,
    private readonly outbox: Outbox,
    private readonly intake: JobIntake,
    private readonly cheatReports: CheatReports,
    health: Health,
    @Inject('LOGGER') private readonly logger: Logger,
  ) {
    health.add('facilitator link', async () => {
      if (!this.link?.connection)
        throw new Error(`The facilitator at ${settings.facilitatorUri} cannot be used: ${this.trouble}.`);
    });
  }

  onApplicationBootstrap(): void {
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
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.link?.close();
    this.endConnection();
  }

  private read(connection: Connection): void {
    this.loggedIn = Promise.withResolvers();
    this.loggedIn.promise.catch(() => undefined);
    connection.onText(
      async (text) => {
        try {
          await this.frame(text);
        } catch (error) {
          if (!(error instanceof JsonError || error instanceof ShapeError)) {
            this.logger.error({ error }, 'a frame of the facilitator could not be handled');
            return connection.close(1011, 'internal error');
          }
          this.logger.error(
            { problem: error.message.slice(0, 2_000) },
            'the facilitator sent a frame that cannot be read',
          );
        }
      },
      () => this.logger.error('the facilitator sent a binary frame; only text is understood'),
    );
  }

  private async frame(text: string): Promise<void> {
    const json = parseJson(text);
    // Answers are the only frames without a type.
    if (json instanceof Map && !json.has('message_type')) {
      const response = readObject(Response, json);
      if (this.delivery) await this.delivery.answered(response);
      else this.loggedIn.resolve(response);
      return;
    }
    const { message } = facilitatorToValidator.read(text);
    if (message.message_type === 'V2JobRequest') await this.intake.receive(message, text);
    else await this.cheatReports.receive(message);
  }

  private async login(connection: Connection): Promise<void> {
    const { publicKey } = this.keypair;
    const login = {
      public_key: Buffer.from(publicKey).toString('hex'),
      signature: this.keypair.signHex(publicKey),
    };
    await connection.send(make(ValidatorLogin, login));
    const timer = setTimeout(
      () => this.loggedIn.reject(new Error('it did not answer the login')),
      loginLimit,
    );
    const response = await this.loggedIn.promise.finally(() => clearTimeout(timer));
    if (response.status === 'error') {
      throw new Error(
        `it refused the login: ${problems(response)
          .map(({ msg }) => msg)
          .join(', ')}`,
      );
    }
    // From here on answers are for status updates; it is set before the next frame can be read.
    this.delivery = new StatusDelivery(this.outbox, connection, this.logger);
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
    this.delivery?.stop();
    this.delivery = null;
  }
}
