import { blockDuration } from './rules.ts';

/** A block as far as allowance depends on it. */
export interface KnownBlock {
  number: number;
  /** @unit ms since 1970 */
  at: number;
  /** DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER when it was taken in. */
  multiplier: number;
  /** Each validator's part of all stake. */
  shares: ReadonlyMap<string, number>;
}

/** As the chain tells it. */
export interface TakenBlock extends KnownBlock {
  hash: string;
}

/** Blocks that are known, with gaps between them where some are not. */
export class Blocks {
  private readonly byNumber: ReadonlyMap<number, KnownBlock>;
  private readonly inOrder: readonly KnownBlock[];

  constructor(blocks: readonly KnownBlock[]) {
    this.inOrder = blocks.toSorted((a, b) => a.number - b.number);
    this.byNumber = new Map(blocks.map((block) => [block.number, block]));
  }

  /** Undefined: it is not known. */
  get(number: number): KnownBlock | undefined {
    return this.byNumber.get(number);
  }

  /** The newest one's number; null: none is known. */
  get newest(): number | null {
    return this.inOrder.at(-1)?.number ?? null;
  }

  /** The seconds that a block counts; null while the next one is not known. */
  duration(number: number): number | null {
    const [block, next] = [this.get(number), this.get(number + 1)];
    return block && next ? blockDuration(block.at, next.at) : null;
  }

  /**
   * The newest block that was there at a time.
   *
   * @param time ms since 1970
   * @returns null before the first known block, and from the last known one on: whether another one followed is not known
   */
  numberAt(time: number): number | null {
    const { inOrder } = this;
    if (inOrder.length < 2 || time < inOrder[0]!.at || time >= inOrder.at(-1)!.at) return null;
    let [low, high] = [0, inOrder.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (inOrder[middle]!.at <= time) low = middle;
      else high = middle;
    }
    return inOrder[low]!.number;
  }
}
