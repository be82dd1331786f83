import { ChainError, type Block, type Hyperparameters } from './chain.ts';
import { PylonChain, type PylonOptions } from './pylon-chain.ts';
import type { SubtensorChain } from './subtensor-chain.ts';

/** The chain over a Pylon, and over one of its own nodes for what Pylon does not tell. */
export class PylonAndSubtensor extends PylonChain {
  constructor(
    options: PylonOptions,
    private readonly subtensor: SubtensorChain,
  ) {
    super(options);
  }

  protected override latestBlockOtherwise(): Promise<Block> {
    return this.subtensor.latestBlock().catch((error: unknown) => {
      if (error instanceof ChainError) return super.latestBlockOtherwise();
      throw error;
    });
  }

  /** Pylon would read all neurons for it; it is asked where the node does not know the block: that may be behind. */
  blockHash(block: number): Promise<string> {
    return this.subtensor.blockHash(block).catch(async (error: unknown) => {
      if (!(error instanceof ChainError)) throw error;
      return (await this.validators(block)).block.hash;
    });
  }

  /** A Pylon that tells times can still fail to: it reads all that is in a block, old ones in a form that it may not know. */
  override async blockTime(block: number): Promise<number | null> {
    const told = await super.blockTime(block).catch((error: unknown) => {
      if (error instanceof ChainError) return null;
      throw error;
    });
    return told ?? this.subtensor.blockTime(block);
  }

  hyperparameters(): Promise<Hyperparameters> {
    return this.subtensor.hyperparameters();
  }
}
