import { Keypair } from '@horde/identity';
import {
  AcceptJob,
  ExecutionDone,
  ExecutorManifest,
  ExecutorReady,
  JobFinished,
  make,
  validatorToMiner,
  VolumesReady,
  writeFrame,
  type ExecutorClass,
  type MessageOf,
} from '@horde/protocol';
import { DurableLink, type Connection } from '@horde/transport';
import { WsServer } from '@horde/testing/ws-server';

export const executorClass: ExecutorClass = 'always_on.test';

interface BenchMinerOptions {
  executors: number;
  /** Whether it speaks `durable-1`. */
  durable: boolean;
  /** Whether it runs the jobs that it has accepted for ever. */
  holds: boolean;
}

/** A miner that takes all jobs at once, and ends them at once or never. */
export class BenchMiner {
  readonly keypair = Keypair.generate();
  /** How many times a validator has opened a connection. */
  handshakes = 0;
  /** How many are open. */
  open = 0;
  private lastNumber = 0;
  private readonly server: WsServer;

  constructor(private readonly options: BenchMinerOptions) {
    const extensions = options.durable ? (['durable-1', 'cancel-1', 'logs-1'] as const) : [];
    this.server = new WsServer((router) =>
      router.route('/v0.1/validator_interface/:hotkey', (connection) => this.accept(connection), {
        extensions,
      }),
    );
  }

  get port(): number {
    return this.server.port;
  }

  start(): Promise<void> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private accept(connection: Connection): void {
    this.handshakes++;
    this.open++;
    void connection.closed.then(() => this.open--);
    const link: DurableLink = new DurableLink(
      connection,
      {
        onMessage: (_job, _number, frame) => this.receive(frame, link),
        onAcknowledged: async () => undefined,
        onResume: async (job) => void (await link.resume(job, 3)),
        onPlain: (frame) => this.receive(frame, link),
        onBadFrame: (sentence) => console.error(sentence),
      },
      console.error,
    );
  }

  private async receive(frame: string, link: DurableLink): Promise<void> {
    const { message } = validatorToMiner.read(frame);
    for (const answer of this.answers(message)) {
      const text = writeFrame(answer);
      if (this.options.durable && answer.job_uuid !== undefined)
        void link.message(answer.job_uuid, ++this.lastNumber, text);
      else await link.plain(text);
    }
  }

  private answers(
    message: MessageOf<typeof validatorToMiner>,
  ): { message_type: string; job_uuid?: string }[] {
    switch (message.message_type) {
      case 'ValidatorAuthForMiner':
        return [make(ExecutorManifest, { manifest: new Map([[executorClass, this.options.executors]]) })];
      case 'V0InitialJobRequest': {
        const { job_uuid } = message;
        return [make(AcceptJob, { job_uuid }), make(ExecutorReady, { job_uuid })];
      }
      case 'V0JobRequest': {
        const { job_uuid } = message;
        const begun = [make(VolumesReady, { job_uuid })];
        if (this.options.holds) return begun;
        const result = { job_uuid, docker_process_stdout: 'hi\n', docker_process_stderr: '' };
        return [
          ...begun,
          make(ExecutionDone, { job_uuid }),
          make(JobFinished, { ...result, artifacts: new Map(), upload_results: new Map() }),
        ];
      }
      default:
        return [];
    }
  }
}
