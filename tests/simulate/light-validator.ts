import type { Blocks } from '../../apps/validator/src/allowance/blocks.ts';
import { chooseBlocks, firstBlocks } from '../../apps/validator/src/allowance/choose-blocks.ts';
import { accountKey, type Account } from '../../apps/validator/src/allowance/manifests.ts';
import { OwnBlocks } from '../../apps/validator/src/allowance/own-blocks.ts';
import { blockExpiry, finality } from '../../apps/validator/src/allowance/rules.ts';
import type { SimulatedValidator } from './network.ts';
import type { Offers } from './offers.ts';
import type { SimulatedChain } from './simulated-chain.ts';

/** A validator that books by the rules of the real one, in memory, and reads no receipts. */
export class LightValidator {
  private readonly booked = new Map<string, Set<number>>();
  private own: OwnBlocks | null = null;

  constructor(
    readonly validator: SimulatedValidator,
    private readonly chain: SimulatedChain,
    private readonly offers: Offers,
    /** It books what is booked. */
    private readonly forgets: boolean,
  ) {}

  /** There is another block. */
  look(): void {
    this.own = null;
  }

  /** Books the oldest free blocks that give so much; null: there are not enough. */
  book(account: Account, seconds: number): number[] | null {
    const isBooked = (block: number) => !this.forgets && !this.isFree(account, block);
    const blocks = chooseBlocks(this.ownBlocks(), this.offers.of(account), isBooked, seconds);
    if (blocks) this.take(account, blocks);
    return blocks;
  }

  /** Those of a job's blocks that give so much; the others are free again. */
  spend(account: Account, blocks: number[], used: number): number[] {
    const spent = firstBlocks(this.ownBlocks(), this.offers.of(account), blocks, used);
    this.release(
      account,
      blocks.filter((block) => !spent.includes(block)),
    );
    return spent;
  }

  take(account: Account, blocks: readonly number[]): void {
    const booked = this.of(account);
    for (const block of blocks) booked.add(block);
  }

  release(account: Account, blocks: readonly number[]): void {
    const booked = this.of(account);
    for (const block of blocks) booked.delete(block);
  }

  isFree(account: Account, block: number): boolean {
    return !this.of(account).has(block);
  }

  private of(account: Account): Set<number> {
    const key = accountKey(account);
    const booked = this.booked.get(key) ?? new Set();
    this.booked.set(key, booked);
    return booked;
  }

  private ownBlocks(): OwnBlocks {
    if (this.own) return this.own;
    const now = Math.max(0, this.chain.head - finality);
    const blocks: Blocks = this.chain.blocks(now - blockExpiry, now);
    return (this.own = new OwnBlocks(blocks, this.validator.hotkey, now));
  }
}
