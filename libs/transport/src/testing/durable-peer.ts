import type { Connection } from '../connection.ts';
import { DurableLink, type Pending } from '../durable-link.ts';

/** One end, which keeps what it says until it is acknowledged, and notes what it takes; a restart loses neither. */
export class Peer {
  readonly taken: string[] = [];
  readonly plain: string[] = [];
  readonly bad: string[] = [];
  /** Number -> frame. */
  readonly kept = new Map<number, string>();
  private last = 0;
  link: DurableLink | null = null;
  /** Called after a message is committed and before it is acknowledged. */
  afterCommit: () => Promise<void> = async () => {};
  /** Called when something is acknowledged. */
  afterAck: () => void = () => {};
  /** Takes messages another way: what it returns is committed later. */
  take: ((number: number) => Pending) | null = null;
  readonly errors: unknown[] = [];
  isReady = true;
  /** How many times the other end has resumed. */
  resumes = 0;
  connection: Connection | null = null;

  serve(connection: Connection): void {
    this.connection = connection;
    const link = new DurableLink(
      connection,
      {
        onMessage: async (_job, number, frame) => {
          if (this.take) return this.take(number);
          if (number <= this.last) return undefined;
          this.last = number;
          this.taken.push(frame);
          await this.afterCommit();
          return undefined;
        },
        onAcknowledged: async (_job, number) => {
          this.forget(number);
          this.afterAck();
        },
        onResume: async (_job, number) => {
          this.resumes++;
          this.forget(number);
          void this.sendAll(link);
        },
        isReady: () => this.isReady,
        onPlain: async (frame) => void this.plain.push(frame),
        onBadFrame: (sentence) => void this.bad.push(sentence),
      },
      (error) => void this.errors.push(error),
    );
    this.link = link;
  }

  resume(): void {
    void this.link!.resume('job', this.last);
  }

  private forget(number: number): void {
    for (const one of this.kept.keys()) if (one <= number) this.kept.delete(one);
  }

  private async sendAll(link: DurableLink): Promise<void> {
    for (const [number, frame] of this.kept) if (!(await link.message('job', number, frame))) return;
  }
}
