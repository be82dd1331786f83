import { Injectable } from '@nestjs/common';
import { Gauge, Histogram } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { blockDuration } from './rules.ts';
import type { TakenBlock } from './blocks.ts';

/** @unit seconds */
const bookingBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the newest blocks are like, and how long bookings take, under ComputeHorde's names. */
@Injectable()
export class AllowanceMetrics {
  private readonly stakeShare: Gauge<'validator_hotkey'>;
  private readonly blockDuration: Gauge;
  private readonly processing: Histogram;
  readonly reserving: Histogram;
  readonly undoing: Histogram;
  private newest: Pick<TakenBlock, 'number' | 'at'> | null = null;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.stakeShare = new Gauge({
      name: 'validator_stake_share_fraction',
      help: "Each validator's part of all stake, at the newest block that was taken.",
      labelNames: ['validator_hotkey'],
      registers,
    });
    this.blockDuration = new Gauge({
      name: 'validator_block_duration_seconds',
      help: 'How long the newest block counts that has a successor.',
      registers,
    });
    this.processing = new Histogram({
      name: 'validator_block_allowance_processing_duration_seconds',
      help: 'How long it takes to read a block from the chain and to store it.',
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
      registers,
    });
    this.reserving = new Histogram({
      name: 'validator_reserve_allowance_duration_seconds',
      help: "How long it takes to book a job's blocks, or to find that they are not free.",
      buckets: bookingBuckets,
      registers,
    });
    this.undoing = new Histogram({
      name: 'validator_undo_allowance_reservation_duration_seconds',
      help: 'How long it takes to give back the blocks of a job that is not paid.',
      buckets: bookingBuckets,
      registers,
    });
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
