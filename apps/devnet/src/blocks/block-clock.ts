import { createHash } from 'node:crypto';

/** From this block on, one every `blockTime` since `at`. */
interface Segment {
  block: number;
  /** @unit ms since 1970, by the chain's clock */
  at: number;
  /** @unit ms */
  blockTime: number;
  /** By how much of `blockTime` a block may come later than evenly: 0 to 0.9. */
  variation: number;
}

/** From this block on the chain has another history than it had before. */
interface Fork {
  block: number;
  salt: string;
}

/** When blocks are made, and what their hashes come from. */
export interface ClockState {
  /** By their first block. */
  segments: Segment[];
  /** The last segment ends here: the block after it is made by command only. null: it goes on for ever. */
  until: number | null;
  /** By how much the chain's clock is ahead of the machine's. @unit ms */
  shift: number;
  /** Oldest first. */
  forks: Fork[];
}

/** How a chain's clock goes on: with the first `keep` of its segments, and these after them. */
export type ClockChange = { keep: number } & Omit<ClockState, 'forks'>;

export interface BlockInfo {
  number: number;
  hash: string;
}

/** Blocks that pass with the clock: none is made, all are reckoned. */
export class BlockClock {
  private highest = 0;

  /**
   * @param genesis what the hashes begin from: another chain has other hashes
   * @param machineNow the machine's clock. @unit ms since 1970
   */
  constructor(
    private readonly genesis: string,
    private readonly state: () => ClockState,
    private readonly machineNow: () => number,
  ) {}

  /** The newest block. It never goes back, even when the machine's clock does. */
  latest(): BlockInfo {
    this.highest = Math.max(this.highest, this.reached());
    return { number: this.highest, hash: this.hash(this.highest) };
  }

  /** A block of the past or the newest; null when it is still to come. */
  at(number: number): BlockInfo | null {
    return number <= this.latest().number ? { number, hash: this.hash(number) } : null;
  }

  /** When a block was made. @unit whole ms since 1970 */
  time(number: number): number {
    const { segments } = this.state();
    const segment = segments.findLast(({ block }) => block <= number) ?? segments[0]!;
    const { block, at, blockTime, variation } = segment;
    const late = variation === 0 ? 0 : variation * blockTime * this.share(number);
    return Math.floor(at + (number - block) * blockTime + late);
  }

  /** What the newest segment does, for people. */
  get pace(): { blockTime: number | null; variation: number } {
    const { segments, until } = this.state();
    const { blockTime, variation } = segments.at(-1)!;
    return { blockTime: until === null ? blockTime : null, variation };
  }

  /** From now on a block every so often; null: by command only. @param blockTime ms */
  paced(blockTime: number | null, variation: number): ClockChange {
    const { segments, shift } = this.state();
    const { number } = this.latest();
    const kept = segments.filter(({ block }) => block <= number);
    if (blockTime === null) return { keep: kept.length, segments: [], until: number, shift };
    const next = { block: number + 1, at: this.now() + blockTime, blockTime, variation };
    return { keep: kept.length, segments: [next], until: null, shift };
  }

  /**
   * Blocks at once, each so long after the one before. Where that is later than now, the chain's clock is put forward;
   * then it goes on as before. @param durations ms, at least one
   */
  advanced(durations: number[]): ClockChange {
    const { segments, until, shift } = this.state();
    const { number } = this.latest();
    const kept = segments.filter(({ block }) => block <= number);
    const made: Segment[] = [];
    let at = this.time(number);
    for (const [i, blockTime] of durations.entries()) {
      at += blockTime;
      const last = made.at(-1) ?? kept.at(-1)!;
      const isNext = last.at + (number + 1 + i - last.block) * last.blockTime === at;
      if (isNext && last.blockTime === blockTime && last.variation === 0) continue;
      made.push({ block: number + 1 + i, at, blockTime, variation: 0 });
    }
    const ahead = Math.max(0, at - this.now());
    const end = number + durations.length;
    if (until !== null) return { keep: kept.length, segments: made, until: end, shift: shift + ahead };
    const { blockTime, variation } = segments.at(-1)!;
    made.push({ block: end + 1, at: this.now() + ahead + blockTime, blockTime, variation });
    return { keep: kept.length, segments: made, until: null, shift: shift + ahead };
  }

  private now(): number {
    return this.machineNow() + this.state().shift;
  }

  private reached(): number {
    const { segments, until } = this.state();
    const now = this.now();
    for (let i = segments.length - 1; i >= 0; i--) {
      const { block, at, blockTime } = segments[i]!;
      const end = segments[i + 1] ? segments[i + 1]!.block - 1 : (until ?? Infinity);
      let number = Math.min(block + Math.floor((now - at) / blockTime), end);
      while (number >= block && this.time(number) > now) number--;
      if (number >= block) return number;
    }
    return segments[0]!.block;
  }

  private hash(number: number): string {
    const salt = this.state().forks.findLast(({ block }) => block <= number)?.salt ?? '';
    return `0x${createHash('sha256').update(`${this.genesis} ${number}${salt}`).digest('hex')}`;
  }

  /** A number from 0 to below 1 that is the block's own. */
  private share(number: number): number {
    return parseInt(this.hash(number).slice(2, 10), 16) / 2 ** 32;
  }
}

/** A clock that begins with a chain. @param now, blockTime ms */
export const newClock = (now: number, blockTime: number): ClockState => ({
  segments: [{ block: 0, at: now, blockTime, variation: 0 }],
  until: null,
  shift: 0,
  forks: [],
});
