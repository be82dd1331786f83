import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, ChainError, type Chain } from '@horde/chain';
import { Database } from '@horde/database';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { finality, stakeShares } from './rules.ts';
import type { TakenBlock } from './blocks.ts';

/** Reads from the chain what allowance depends on. */
@Injectable()
export class ChainBlocks {
  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly config: ValidatorConfig,
    private readonly database: Database,
  ) {}

  /** The number of the newest block that does not change any more: "now". @throws ChainError */
  async now(): Promise<number> {
    return Math.max(0, (await this.chain.latestBlock()).number - finality);
  }

  /** As `now`; while the chain cannot be asked, the newest block that is stored; null when there is none. */
  async nowOrLast(): Promise<number | null> {
    try {
      return await this.now();
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      const [{ newest }] = await this.database.manager.query<[{ newest: number | null }]>(
        'select max(number) as newest from allowance_block',
      );
      return newest;
    }
  }

  /** @throws ChainError, also when this way to the chain does not tell the times of blocks */
  async read(number: number): Promise<TakenBlock> {
    const [{ block, validators }, at] = await Promise.all([
      this.chain.validators(number),
      this.chain.blockTime(number),
    ]);
    if (at === null)
      throw new ChainError('unreadable', 'This way to the chain does not tell when blocks were made.');
    const multiplier = this.config.get('DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER');
    return { number, hash: block.hash, at, multiplier, shares: stakeShares(validators) };
  }

  /** The hash of a block; null when the chain does not have it, or not any more. @throws ChainError when it cannot be asked */
  hash(number: number): Promise<string | null> {
    const told = this.chain.blockHash?.(number);
    return unlessAbsent(told ?? this.chain.validators(number).then(({ block }) => block.hash));
  }

  /** Whether the chain still tells all of a block that `read` asks for. @throws ChainError when it cannot be asked */
  async has(number: number): Promise<boolean> {
    return (await unlessAbsent(this.chain.validators(number))) !== null;
  }
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ChainError && error.kind === 'absent') return null;
    throw error;
  }
}
