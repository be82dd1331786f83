/** How much of a job's output is there for those who are behind. @unit bytes */
const defaultCapacity = 256 * 1024;

/**
 * Pieces are remembered one by one, however small: output that changes its stream with every byte has many. So many of
 * them are kept at least.
 */
const fewestPieces = 4096;

export type OutputStream = 'stdout' | 'stderr';

/** A piece of a job's output, as whoever follows it gets it. */
export interface OutputPiece {
  stream: OutputStream;
  /** How many bytes the job wrote to this stream before. */
  offset: number;
  bytes: Buffer;
  /** How many bytes of both streams are missing before this piece: whoever reads too slowly loses the oldest. */
  missed: number;
}

interface Stretch {
  stream: OutputStream;
  /** Counted from the first byte of the output. */
  from: number;
  to: number;
  /** How many bytes of its stream come before it. */
  offset: number;
}

/**
 * A job's output while it comes. The newest is kept in memory, up to a limit, and anybody may follow it at any time,
 * from the oldest piece that is still there. The job is never slowed down: whoever cannot keep up is told how much is
 * missing. All of the output is in stdout.txt and stderr.txt.
 */
export class OutputFeed {
  private ring: Buffer | null = null;
  private stretches: Stretch[] = [];
  private total = 0;
  private readonly totals: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  private ended = false;
  private change = Promise.withResolvers<void>();

  /** @param capacity the most that is kept, in bytes */
  constructor(private readonly capacity = defaultCapacity) {}

  /** Takes what the job wrote; the buffer is not kept. */
  write(stream: OutputStream, chunk: Buffer): void {
    if (chunk.length === 0 || this.ended) return;
    this.ring ??= Buffer.alloc(this.capacity);
    const from = this.total;
    this.total += chunk.length;
    this.put(chunk.subarray(Math.max(0, chunk.length - this.capacity)));
    const last = this.stretches.at(-1);
    if (last?.stream === stream) last.to = this.total;
    else this.stretches.push({ stream, from, to: this.total, offset: this.totals[stream] });
    this.totals[stream] += chunk.length;
    if (this.stretches.length > 2 * fewestPieces) this.stretches.splice(0, fewestPieces);
    this.wake();
  }

  /** Says that nothing more will come. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  /** The output from the oldest that is kept, and then as it comes, until the job has ended. */
  async *follow(): AsyncGenerator<OutputPiece, void> {
    for (let at = 0; ;) {
      const oldest = Math.max(at, this.total - this.capacity);
      const stretch = this.stretches.find(({ to }) => to > oldest);
      if (!stretch) {
        if (this.ended) return;
        await this.change.promise;
        continue;
      }
      const from = Math.max(oldest, stretch.from);
      const missed = from - at;
      at = stretch.to;
      const offset = stretch.offset + from - stretch.from;
      yield { stream: stretch.stream, offset, bytes: this.take(from, at), missed };
    }
  }

  /** Writes the newest bytes behind the ones before them; they end at `total`. */
  private put(bytes: Buffer): void {
    const at = (this.total - bytes.length) % this.capacity;
    const copied = bytes.copy(this.ring!, at);
    bytes.copy(this.ring!, 0, copied);
  }

  private take(from: number, to: number): Buffer {
    const start = from % this.capacity;
    const first = this.ring!.subarray(start, Math.min(start + to - from, this.capacity));
    return Buffer.concat([first, this.ring!.subarray(0, to - from - first.length)]);
  }

  private wake(): void {
    this.change.resolve();
    this.change = Promise.withResolvers();
  }
}
