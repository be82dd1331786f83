import { writeFrame } from '@horde/protocol';
import type { Closed, Connection } from '@horde/transport';
import { onTestFinished } from 'vitest';
import { Recorder } from '../recorder.ts';
import { WsServer } from '../ws-server.ts';

export type Frame = Record<string, unknown> & { message_type: string };

/** How long a frame or an executor is waited for. @unit ms */
const patience = 20_000;

/** An executor's connection, as its miner has it. */
export class ExecutorConnection {
  private readonly arrivals = new Recorder<Frame>();
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
    return this.arrivals.items;
  }

  next(): Promise<Frame> {
    return this.arrivals.next(patience);
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
  private readonly executors = new Recorder<ExecutorConnection>();
  private readonly server = new WsServer((router) =>
    router.route('/v0.1/executor_interface/:token', (connection, { params }) => {
      this.executors.add(new ExecutorConnection(params['token']!, connection));
    }),
  );

  /** Listens; it is closed when the test is over. */
  static async start(): Promise<ScriptedMiner> {
    const miner = new ScriptedMiner();
    await miner.server.start();
    onTestFinished(() => miner.close());
    return miner;
  }

  get address(): string {
    return `ws://127.0.0.1:${this.server.port}`;
  }

  /** The next executor that connects. */
  executor(): Promise<ExecutorConnection> {
    return this.executors.next(patience);
  }

  close(): Promise<void> {
    return this.server.stop();
  }
}
