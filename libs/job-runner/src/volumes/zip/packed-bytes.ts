import type { Archive } from './archive.ts';

const bufferSize = 64 * 1024;

/** A member's packed bytes are at their end, and its decoder wants more. */
export class EndOfPacked extends Error {
  override readonly name = 'EndOfPacked';
}

/** A member's packed bytes one after the other. */
export class PackedBytes {
  private readonly buffer: Buffer;
  private at = 0;
  private filled = 0;

  constructor(
    private readonly archive: Archive,
    private position: number,
    private left: number,
  ) {
    this.buffer = Buffer.allocUnsafeSlow(Math.min(bufferSize, left));
  }

  /** @throws EndOfPacked */
  next(): number {
    if (this.at === this.filled) this.fill();
    return this.buffer[this.at++]!;
  }

  private fill(): void {
    const length = Math.min(this.buffer.length, this.left);
    const count = length === 0 ? 0 : this.archive.readSync(this.buffer.subarray(0, length), this.position);
    if (count === 0) throw new EndOfPacked();
    this.at = 0;
    this.filled = count;
    this.position += count;
    this.left -= count;
  }
}
