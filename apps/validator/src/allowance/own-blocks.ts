import type { Blocks } from './blocks.ts';
import type { Offer } from './manifests.ts';
import { allowanceOf, blockExpiry } from './rules.ts';

/** What one validator could spend for each of the last blocks, for one executor. */
export class OwnBlocks {
  /** The oldest block that can be spent now. */
  readonly first: number;
  /** One past the newest block that is whole. */
  readonly end: number;
  private readonly share: Float64Array;
  private readonly duration: Float64Array;
  private readonly multiplier: Float64Array;
  /** What the blocks from the first to before this one give together. */
  private readonly before: Float64Array;

  /** @param now the block that counts as the newest */
  constructor(blocks: Blocks, validatorHotkey: string, now: number) {
    this.first = Math.max(0, now - blockExpiry);
    this.end = Math.max(this.first, now + 1);
    const length = this.end - this.first;
    [this.share, this.duration, this.multiplier] = [length, length, length].map(
      (size) => new Float64Array(size),
    ) as [Float64Array, Float64Array, Float64Array];
    this.before = new Float64Array(length + 1);
    for (let at = 0; at < length; at++) {
      const block = blocks.get(this.first + at);
      this.share[at] = block?.shares.get(validatorHotkey) ?? 0;
      this.duration[at] = blocks.duration(this.first + at) ?? 0;
      this.multiplier[at] = block?.multiplier ?? 0;
      this.before[at + 1] = this.before[at]! + this.value(this.first + at, 1);
    }
  }

  /** What a block gives with so many executors, to the last bit as in verdicts. @returns executor-seconds */
  value(block: number, executors: number): number {
    const at = block - this.first;
    if (at < 0 || at >= this.share.length) return 0;
    return allowanceOf(executors, this.share[at]!, this.duration[at]!, this.multiplier[at]!);
  }

  /** What a miner's offer gives in all, but for rounding. @returns executor-seconds */
  total(offer: Offer): number {
    return this.sum(offer, this.first, this.end);
  }

  /** What an offer gives for blocks from one to before another, as far as they can be spent; but for rounding. */
  sum(offer: Offer, from: number, to: number): number {
    const oldest = Math.max(from, this.oldest(offer));
    let [sum, until] = [0, Math.min(to, this.end)];
    for (let at = offer.changes.length - 1; at >= 0 && until > oldest; at--) {
      const { block, count } = offer.changes[at]!;
      sum += count * this.between(Math.max(block, oldest), until);
      until = Math.min(until, block);
    }
    return sum;
  }

  /** The oldest block of an offer that can be spent now. */
  oldest({ lastDrop }: Offer): number {
    return Math.max(this.first, lastDrop ?? 0);
  }

  private between(from: number, to: number): number {
    return from >= to ? 0 : this.before[to - this.first]! - this.before[from - this.first]!;
  }
}
