import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Measured } from './processes.ts';

type Frame = { message_type: string } & Record<string, unknown>;

/** Things that arrive, for whoever waits for the next one. */
class Arrivals<T> {
  private readonly items: T[] = [];
  private wake = Promise.withResolvers<void>();

  add(item: T): void {
    this.items.push(item);
    this.wake.resolve();
    this.wake = Promise.withResolvers();
  }

  async next(): Promise<T> {
    while (this.items.length === 0) await this.wake.promise;
    return this.items.shift()!;
  }
}

/** A miner that gives each executor one job. */
export class BenchMiner {
  private readonly executors = new Arrivals<BenchExecutor>();

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (socket) => this.executors.add(new BenchExecutor(socket, performance.now())));
  }

  static async start(): Promise<BenchMiner> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    return new BenchMiner(server);
  }

  get address(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  executor(): Promise<BenchExecutor> {
    return this.executors.next();
  }

  async close(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** One executor's connection. */
export class BenchExecutor {
  child!: Measured;
  private readonly frames = new Arrivals<Frame>();
  private readonly jobUuid = randomUUID();
  private image = '';
  private volume: object | null = null;

  constructor(
    private readonly socket: WebSocket,
    readonly connectedAt: number,
  ) {
    socket.on('message', (data: Buffer) => this.frames.add(JSON.parse(data.toString()) as Frame));
    socket.on('error', () => {});
  }

  /** Gives it the job, and waits until it is ready. */
  async prepare(child: Measured, image: string, volume: object | null): Promise<void> {
    this.child = child;
    this.image = image;
    this.volume = volume;
    this.say({
      message_type: 'V0InitialJobRequest',
      job_uuid: this.jobUuid,
      executor_class: 'always_on.test',
      docker_image: image,
      job_started_receipt_payload: {
        job_uuid: this.jobUuid,
        miner_hotkey: '5Miner',
        validator_hotkey: '5Validator',
        timestamp: '2026-01-02T03:04:05.000123Z',
        receipt_type: 'JobStartedReceipt',
        executor_class: 'always_on.test',
        is_organic: true,
        ttl: 7,
      },
      job_started_receipt_signature: '0x00',
      executor_timing: {
        allowed_leeway: 5,
        download_time_limit: 300,
        execution_time_limit: 300,
        upload_time_limit: 60,
        streaming_start_time_limit: 0,
      },
    });
    await this.until('V0ExecutorReadyRequest');
  }

  /** Runs the command. @returns from the job request to its result, in ms; the executor has exited */
  async run(command: string[]): Promise<number> {
    const started = performance.now();
    this.say({
      message_type: 'V0JobRequest',
      job_uuid: this.jobUuid,
      executor_class: 'always_on.test',
      docker_image: this.image,
      docker_run_options_preset: 'none',
      docker_run_cmd: command,
      env: {},
      volume: this.volume,
      artifacts_dir: '/artifacts',
    });
    await this.until('V0JobFinishedRequest');
    const took = performance.now() - started;
    await this.child.exited;
    return took;
  }

  private say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  private async until(type: string): Promise<void> {
    for (;;) {
      const frame = await this.frames.next();
      if (frame.message_type === type) return;
      if (/Failed/.test(frame.message_type))
        throw new Error(`The job failed: ${JSON.stringify(frame).slice(0, 500)}`);
    }
  }
}
