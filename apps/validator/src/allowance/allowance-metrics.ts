import { Injectable } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { blockDuration } from './rules.ts';
import type { TakenBlock } from './blocks.ts';

/** What the newest blocks are like, and how long bookings take, under ComputeHorde's names. */
@Injectable()
export class AllowanceMetrics {
  private readonly stakeShare: Gauge<'validator_hotkey'>;
  private readonly blockDuration: Gauge<never>;
  private readonly processing: Histogram<never>;
  readonly reserving: Histogram<never>;
  readonly undoing: Histogram<never>;
  private newest: Pick<TakenBlock, 'number' | 'at'> | null = null;

  constructor(registry: MetricsRegistry) {
    this.stakeShare = registry.gauge('validator_stake_share_fraction');
    this.blockDuration = registry.gauge('validator_block_duration_seconds');
    this.processing = registry.histogram('validator_block_allowance_processing_duration_seconds');
    this.reserving = registry.histogram('validator_reserve_allowance_duration_seconds');
    this.undoing = registry.histogram('validator_undo_allowance_reservation_duration_seconds');
  }

  /** @param blocks in their order @param seconds how long they took together */
  taken(blocks: readonly TakenBlock[], seconds: number): void {
    for (const block of blocks) {
      this.processing.observe(seconds / blocks.length);
      if (this.newest && block.number <= this.newest.number) continue;
      if (this.newest?.number === block.number - 1)
        this.blockDuration.set(blockDuration(this.newest.at, block.at));
      this.newest = block;
      this.stakeShare.reset();
      for (const [hotkey, share] of block.shares) this.stakeShare.set({ validator_hotkey: hotkey }, share);
    }
  }
}
