import { createHash } from 'node:crypto';

/** From this block on, one every `blockTime` since `at`. */
export interface ClockStart {
  block: number;
  /** @unit ms since 1970 */
  at: number;
  /** @unit ms */
  blockTime: number;
}

export interface BlockInfo {
  number: number;
  hash: string;
}

/** Blocks that pass with the clock: none is made, all are reckoned. */
export class BlockClock {
  private highest: number;

  /**
   * @param genesis what the hashes begin from: another chain has other hashes
   * @param now the machine's clock. @unit ms since 1970
   */
  constructor(
    private readonly genesis: string,
    private readonly start: ClockStart,
    private readonly now: () => number,
  ) {
    this.highest = start.block;
  }

  /** The newest block. It never goes back, even when the machine's clock does. */
  latest(): BlockInfo {
    const { block, at, blockTime } = this.start;
    this.highest = Math.max(this.highest, block + Math.floor((this.now() - at) / blockTime));
    return { number: this.highest, hash: this.hash(this.highest) };
  }

  /** A block of the past or the newest; null when it is still to come. */
  at(number: number): BlockInfo | null {
    return number <= this.latest().number ? { number, hash: this.hash(number) } : null;
  }

  /** When a block was made. @unit ms since 1970 */
  time(number: number): number {
    return Math.floor(this.start.at + (number - this.start.block) * this.start.blockTime);
  }

  private hash(number: number): string {
    return `0x${createHash('sha256').update(`${this.genesis} ${number}`).digest('hex')}`;
  }
}

/** Where the clock goes on when the time between blocks was changed: from the block that it had reached. */
export function changeBlockTime(start: ClockStart, blockTime: number, now: number): ClockStart {
  if (blockTime === start.blockTime) return start;
  const passed = Math.max(0, Math.floor((now - start.at) / start.blockTime));
  return { block: start.block + passed, at: now, blockTime };
}
