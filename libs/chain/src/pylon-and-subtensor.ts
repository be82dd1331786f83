import type { Hyperparameters } from './chain.ts';
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

  override async blockTime(block: number): Promise<number | null> {
    return (await super.blockTime(block)) ?? this.subtensor.blockTime(block);
  }

  hyperparameters(): Promise<Hyperparameters> {
    return this.subtensor.hyperparameters();
  }
}
