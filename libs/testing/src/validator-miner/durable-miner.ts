import { Keypair } from '@horde/identity';
import { ExecutorManifest, make, validatorToMiner, writeFrame, type Message } from '@horde/protocol';
import {
  DurableLink,
  OutputSender,
  type Connection,
  type Extension,
  type WebSocketRouter,
} from '@horde/transport';
import { PrintedOutput } from '../printed-output.ts';
import { Recorder } from '../recorder.ts';
import type { ValidatorMessage } from './scripted-miner.ts';
import { WsServer } from '../ws-server.ts';

/** A message of a validator, with the number that it bore; null: none. */
export interface Taken {
  number: number | null;
  message: ValidatorMessage;
}

/** A miner as a test writes it that speaks `durable-1`. It keeps what it says about jobs until that is acknowledged. */
export class DurableMiner {
  readonly keypair = Keypair.generate();
  readonly taken = new Recorder<Taken>();
  /** The numbers that validators came back with. */
  readonly resumes = new Recorder<number>();
  /** The numbers that they acknowledged. */
  readonly acknowledged = new Recorder<number>();
  readonly connections: Connection[] = [];
  /** Called before a numbered message is committed; what it throws ends the connection. */
  beforeCommit: (message: ValidatorMessage) => Promise<void> | void = () => {};
  /** Called when a message has been committed. */
  onTaken: (message: ValidatorMessage) => Promise<void> | void = () => {};
  /** The number of the last message that it has of each job. */
  private readonly last = new Map<string, number>();
  private lastNumber = 100;
  private readonly kept = new Map<number, { job: string; frame: string }>();
  /** What its job prints, for validators that ask for it. */
  readonly printed = new PrintedOutput();
  private link: DurableLink | null = null;
  private readonly server: WsServer;

  constructor(extensions: readonly Extension[] = ['durable-1', 'cancel-1', 'logs-1']) {
    this.server = new WsServer((router: WebSocketRouter) =>
      router.route('/v0.1/validator_interface/:hotkey', (connection) => this.accept(connection), {
        extensions,
      }),
    );
  }

  get port(): number {
    return this.server.port;
  }

  /** What points a validator to it. */
  get settings(): Record<string, string> {
    return {
      DEBUG_MINER_KEY: this.keypair.address,
      DEBUG_MINER_ADDRESS: '127.0.0.1',
      DEBUG_MINER_PORT: String(this.port),
    };
  }

  /** How many of its messages are not acknowledged. */
  get waiting(): number {
    return this.kept.size;
  }

  /** The types of the numbered messages that it took, in order. */
  get types(): [number, string][] {
    return this.taken.items
      .filter(({ number }) => number !== null)
      .map(({ number, message }) => [number!, message.message_type]);
  }

  start(): Promise<void> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Says these, now or when the validator is back. @returns the last one's number */
  send(job: string, ...messages: Message[]): number {
    for (const message of messages) {
      this.lastNumber += 7;
      const frame = writeFrame(message);
      this.kept.set(this.lastNumber, { job, frame });
      void this.link?.message(job, this.lastNumber, frame);
    }
    return this.lastNumber;
  }

  /** Says something that may get lost. */
  async mention(message: Message): Promise<void> {
    await this.link?.plain(writeFrame(message));
  }

  /** Says so many times that it has nothing, and waits for everything. */
  async resumeAgain(job: string, count: number): Promise<void> {
    const { link } = this;
    await Promise.all(Array.from({ length: count }, () => link!.resume(job, 0)));
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.link = null;
    this.connections.at(-1)?.terminate();
  }

  private accept(connection: Connection): void {
    this.connections.push(connection);
    const sender = new OutputSender(
      this.printed,
      (chunk) => link.plain(writeFrame(chunk)),
      () => {},
    );
    this.printed.onPrinted = () => sender.ring(null);
    const link = new DurableLink(
      connection,
      {
        onMessage: async (job, number, frame) => {
          const { message } = validatorToMiner.read(frame);
          await this.beforeCommit(message);
          if (number <= this.lastOf(job)) return;
          this.last.set(job, number);
          this.taken.add({ number, message });
          await this.onTaken(message);
        },
        onAcknowledged: async (job, number) => {
          this.forget(job, number);
          this.acknowledged.add(number);
        },
        onResume: async (job, number) => {
          this.forget(job, number);
          this.resumes.add(number);
          await link.resume(job, this.lastOf(job));
          for (const [own, kept] of this.kept) if (kept.job === job) void link.message(job, own, kept.frame);
        },
        onPlain: async (frame) => {
          const { message } = validatorToMiner.read(frame);
          this.taken.add({ number: null, message });
          if (message.message_type === 'V0JobOutputRequest') sender.request(message);
          if (message.message_type !== 'ValidatorAuthForMiner') return;
          this.link = link;
          await link.plain(
            writeFrame(make(ExecutorManifest, { manifest: new Map([['always_on.test', 1]]) })),
          );
        },
        onBadFrame: () => connection.close(1002),
      },
      () => {},
    );
  }

  private lastOf(job: string): number {
    return this.last.get(job) ?? 0;
  }

  private forget(job: string, number: number): void {
    for (const [own, kept] of this.kept) if (kept.job === job && own <= number) this.kept.delete(own);
  }
}
