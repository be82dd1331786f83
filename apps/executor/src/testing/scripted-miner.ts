import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFrame } from '@horde/protocol';
import { type Closed, type Connection, WebSocketRouter } from '@horde/transport';
import { onTestFinished } from 'vitest';

export type Frame = Record<string, unknown> & { message_type: string };

/** Things that arrive, for whoever waits for the next one. */
class Arrivals<T> {
  readonly all: T[] = [];
  private taken = 0;
  private wake = Promise.withResolvers<void>();

  add(item: T): void {
    this.all.push(item);
    this.wake.resolve();
    this.wake = Promise.withResolvers();
  }

  async next(what: string): Promise<T> {
    const limit = new AbortController();
    const tooLate = sleep(20_000, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`No ${what} came within 20 s; so far: ${JSON.stringify(this.all)}`);
    });
    tooLate.catch(() => {}); // when it is no longer waited for
    try {
      while (this.taken >= this.all.length) await Promise.race([this.wake.promise, tooLate]);
      return this.all[this.taken++]!;
    } finally {
      limit.abort();
    }
  }
}

/** An executor's connection, as its miner has it. */
export class ExecutorConnection {
  private readonly arrivals = new Arrivals<Frame>();
  readonly closed: Promise<Closed>;

  constructor(
    readonly token: string,
    private readonly connection: Connection,
  ) {
    this.closed = connection.closed;
    connection.onText(
      async (text) => this.arrivals.add(JSON.parse(text) as Frame),
      () => {},
    );
  }

  /** All frames so far, in order. */
  get frames(): Frame[] {
    return this.arrivals.all;
  }

  next(): Promise<Frame> {
    return this.arrivals.next('frame');
  }

  async say(...messages: object[]): Promise<void> {
    for (const message of messages) await this.connection.sendText(writeFrame(message));
  }

  /** Lets what the executor sends wait on its way, or takes it again. */
  read(on: boolean): void {
    const { socket } = this.connection as unknown as { socket: { pause(): void; resume(): void } };
    if (on) socket.resume();
    else socket.pause();
  }

  /** The connection is lost, without a word. */
  cut(): void {
    this.connection.terminate();
  }

  close(code = 1000): void {
    this.connection.close(code);
  }
}

/** A miner that says what a test tells it to say, on a real websocket. */
export class ScriptedMiner {
  private readonly arrivals = new Arrivals<ExecutorConnection>();
  private readonly http = createServer();
  private readonly router = new WebSocketRouter();
  private port = 0;

  /** Listens; it is closed when the test is over. */
  static async start(): Promise<ScriptedMiner> {
    const miner = new ScriptedMiner();
    miner.router.route('/v0.1/executor_interface/:token', (connection, { params }) => {
      miner.arrivals.add(new ExecutorConnection(params['token']!, connection));
    });
    miner.router.attach(miner.http);
    miner.http.listen(0, '127.0.0.1');
    await once(miner.http, 'listening');
    miner.port = (miner.http.address() as AddressInfo).port;
    onTestFinished(() => miner.close());
    return miner;
  }

  get address(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The next executor that connects. */
  executor(): Promise<ExecutorConnection> {
    return this.arrivals.next('executor');
  }

  async close(): Promise<void> {
    if (!this.http.listening) return;
    this.http.close();
    await this.router.close();
    this.http.closeAllConnections();
  }
}
