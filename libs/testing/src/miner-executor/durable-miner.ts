import { JobOutputChunk, writeFrame } from '@horde/protocol';
import { type Closed, type Connection, DurableLink, type Extension, OutputReceiver } from '@horde/transport';
import { expect, onTestFinished } from 'vitest';
import { MemoryOutput } from '../memory-output.ts';
import { WsServer } from '../ws-server.ts';
import type { Frame } from './scripted-miner.ts';

/** What a miner of ours has in its database about one job: it survives whatever happens to the miner. */
interface Database {
  job: string | null;
  /** The miner's own messages about the job, the first of them is number 1. */
  requests: string[];
  /** The number of the executor's last message that is committed. */
  received: number;
  /** The executor's messages that are committed. */
  taken: Frame[];
}

/** A miner that speaks the extensions of ours with one executor, on a real websocket, and is cut off as a test likes. */
export class DurableMiner {
  readonly database: Database = { job: null, requests: [], received: 0, taken: [] };
  /** The executor's frames of the plain protocol. */
  readonly plain: Frame[] = [];
  /** Everything numbered that has come, also what came again. */
  readonly arrived: number[] = [];
  /** What it has stored of the job's output, where it speaks `logs-2`: it asks for it then. */
  readonly stored = new MemoryOutput();
  private receiver: OutputReceiver | null = null;
  connections = 0;
  closed: Promise<Closed> | null = null;
  token: string | null = null;
  /** Called before and after a message of the executor is committed; the acknowledgement follows the second. */
  beforeCommit: (number: number) => unknown = () => {};
  afterCommit: (number: number) => unknown = () => {};
  private connection: Connection | null = null;
  private link: DurableLink | null = null;
  private sent = 0;
  private readonly server = new WsServer((router) =>
    router.route(
      '/v0.1/executor_interface/:token',
      (connection, { params }) => this.accept(connection, params['token']!),
      { extensions: this.extensions },
    ),
  );

  /** @param extensions those that it speaks on the connections to come */
  private constructor(public extensions: Extension[]) {}

  /** Listens; it is closed when the test is over. */
  static async start(
    extensions: Extension[] = ['durable-1', 'cancel-1', 'logs-1', 'warm-1'],
  ): Promise<DurableMiner> {
    const miner = new DurableMiner(extensions);
    await miner.comeBack();
    onTestFinished(() => miner.goAway());
    return miner;
  }

  get address(): string {
    return `ws://127.0.0.1:${this.server.port}`;
  }

  /** The types of the executor's messages that are committed. */
  get types(): string[] {
    return this.database.taken.map(({ message_type }) => message_type);
  }

  /** What has come of the job's live output. */
  get output(): Frame[] {
    return this.plain.filter(({ message_type }) => message_type === 'V0JobOutput');
  }

  /** Listens again, at the same address. */
  comeBack(): Promise<void> {
    return this.server.start();
  }

  /** The miner's process is gone; its database stays. */
  async goAway(): Promise<void> {
    const stopped = this.server.stop();
    this.cut();
    await stopped;
  }

  /** The connection is lost, without a word. */
  cut(): void {
    this.connection?.terminate();
  }

  close(code: number): void {
    this.connection?.close(code);
  }

  /** Has more to say about the job. */
  give(...messages: { job_uuid: string }[]): void {
    this.database.job ??= messages[0]!.job_uuid;
    this.database.requests.push(...messages.map(writeFrame));
    this.bring();
  }

  /** Sends once more what it has sent. */
  repeat(number: number): void {
    void this.link!.message(this.database.job!, number, this.database.requests[number - 1]!);
  }

  /** Sends a frame of the plain protocol. */
  say(message: object): void {
    void this.link!.plain(writeFrame(message));
  }

  /** Waits for so many connections. */
  async connected(count = 1): Promise<void> {
    await expect.poll(() => this.connections).toBeGreaterThanOrEqual(count);
  }

  /** Waits until a message of this type is committed. */
  async has(type: string): Promise<Frame> {
    await expect.poll(() => this.types).toContain(type);
    return this.database.taken.find(({ message_type }) => message_type === type)!;
  }

  private accept(connection: Connection, token: string): void {
    const { database } = this;
    this.connections++;
    this.token = token;
    this.connection = connection;
    this.closed = connection.closed;
    const link = new DurableLink(
      connection,
      {
        onMessage: async (_job, number, frame) => {
          this.arrived.push(number);
          if (number <= database.received) return;
          await this.beforeCommit(number);
          if (!connection.isOpen) throw new Error('The connection was cut before the commit.');
          database.received = number;
          database.taken.push(JSON.parse(frame) as Frame);
          await this.afterCommit(number);
        },
        onAcknowledged: async () => {},
        onResume: async (job, number) => {
          this.sent = number;
          this.bring();
          await link.resume(job, database.received);
        },
        onPlain: async (frame) => this.takePlain(JSON.parse(frame) as Frame),
        onBadFrame: (sentence) => void this.plain.push({ message_type: 'bad frame', sentence }),
      },
      () => {},
    );
    this.link = link;
    this.receiver = new OutputReceiver({
      sink: this.stored,
      send: (request) => this.say(request),
      onError: () => {},
    });
    void connection.closed.then(this.receiver.close.bind(this.receiver));
    this.sent = 0;
    if (database.received === 0 || !connection.extensions.has('durable-1')) this.bring();
  }

  private takePlain(frame: Frame): void {
    if (frame.message_type !== 'V0JobOutputChunk') return void this.plain.push(frame);
    const problem = this.receiver!.take(frame as unknown as JobOutputChunk);
    if (problem !== null) throw new Error(problem);
  }

  private bring(): void {
    const { job, requests } = this.database;
    if (job === null || !this.connection?.isOpen) return;
    while (this.sent < requests.length) {
      const number = ++this.sent;
      const frame = requests[number - 1]!;
      if (this.connection.extensions.has('durable-1')) void this.link!.message(job, number, frame);
      else void this.link!.plain(frame);
    }
    if (this.connection.extensions.has('logs-2'))
      for (const stream of ['stdout', 'stderr'] as const)
        this.receiver!.follow(job, this.stored.position(job, stream));
  }
}
