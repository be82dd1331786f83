import type { StoredOutput } from '@horde/job-runner';
import { keptFrom, type JobOutputRequest, type OutputStream } from '@horde/protocol';
import type { OutputPart, OutputSource } from '@horde/transport';

/** What the job has printed, for a miner that asks for it, and how much of it the miner has stored. */
export class KeptOutput implements OutputSource {
  private stored: StoredOutput | null = null;
  private hasEnded = false;
  /** What the miner has stored of the streams that it has asked for. @unit bytes */
  private readonly acknowledged = new Map<OutputStream, number>();
  /** Called when there is more, or the end of it. */
  onChange: () => void = () => {};

  /** The job begins. */
  take(stored: StoredOutput): void {
    this.stored = stored;
    stored.onGrown = () => this.onChange();
  }

  /** The job prints nothing more. */
  end(): void {
    this.hasEnded = true;
    this.onChange();
  }

  close(): void {
    this.stored?.close();
  }

  /** To be called with each request of the miner. */
  note({ stream, offset }: JobOutputRequest): void {
    this.acknowledged.set(stream, Math.max(offset, this.acknowledged.get(stream) ?? 0));
  }

  /** Whether the miner wants it. */
  get isAsked(): boolean {
    return this.acknowledged.size > 0;
  }

  /** Whether the miner still lacks some of what it wants. */
  get isDue(): boolean {
    const lacks = ([stream, offset]: [OutputStream, number]) => !this.hasEnded || offset < this.size(stream);
    return [...this.acknowledged].some(lacks);
  }

  async read(_job: string, stream: OutputStream, offset: number, max: number): Promise<OutputPart> {
    const { hasEnded } = this;
    const size = this.size(stream);
    const from = keptFrom(offset, size);
    const data = (await this.stored?.read(stream, from, max)) ?? Buffer.alloc(0);
    return { offset: from, data, end: hasEnded && from + data.length >= size };
  }

  private size(stream: OutputStream): number {
    return this.stored?.size[stream] ?? 0;
  }
}
