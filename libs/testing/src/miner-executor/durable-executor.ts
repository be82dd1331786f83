import { executorPath } from '@horde/protocol';
import { connect, DurableLink, type Connection } from '@horde/transport';

/** An executor as a spec plays it that speaks `durable-1`, and `warm-1` when its token is a warm one's. */
export class DurableExecutor {
  /** The job that it has been given, and the numbered frames about it. */
  job: string | null = null;
  readonly frames: Record<string, unknown>[] = [];
  private wake: () => void = () => undefined;
  private number = 0;
  private link!: DurableLink;
  connection!: Connection;

  static async connect(url: string, token: string): Promise<DurableExecutor> {
    const executor = new DurableExecutor();
    executor.connection = await connect(url + executorPath(token), {
      attempts: 1,
      extensions: token.startsWith('warm-') ? ['durable-1', 'warm-1'] : ['durable-1'],
      onOpening: (connection) => {
        const end = {
          onMessage: async (job: string, _number: number, frame: string) => executor.take(job, frame),
          onAcknowledged: async () => undefined,
          onResume: async () => undefined,
          onPlain: async () => undefined,
          onBadFrame: () => undefined,
        };
        executor.link = new DurableLink(connection, end, () => undefined);
      },
    });
    return executor;
  }

  /** The first frame of this type; rejects when the connection closes first. */
  async next(type: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.frames.find(({ message_type }) => message_type === type);
      if (found) return found;
      const closed = await Promise.race([
        new Promise<null>((resolve) => (this.wake = () => resolve(null))),
        this.connection.closed,
      ]);
      if (closed) throw new Error(`closed with ${closed.code} while waiting for ${type}`);
    }
  }

  /** Says something about its job. */
  async say(message: object): Promise<void> {
    await this.link.message(this.job!, ++this.number, JSON.stringify({ ...message, job_uuid: this.job }));
  }

  private take(job: string, frame: string): void {
    this.job = job;
    this.frames.push(JSON.parse(frame) as Record<string, unknown>);
    this.wake();
  }
}
