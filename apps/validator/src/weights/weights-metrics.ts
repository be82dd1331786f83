import { Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import type { ClassScores } from '../scoring/scores.ts';
import { WeightsStore } from './weights-store.ts';
import type { WeightsState } from './cycle-weights.entity.ts';

const states: WeightsState[] = [
  'to compute',
  'nothing to send',
  'to send',
  'sent',
  'confirmed',
  'missed',
  'taken over',
];

/** The metrics of scores and weights. */
@Injectable()
export class WeightsMetrics {
  private readonly scores: Gauge<'miner_hotkey' | 'executor_class'>;

  constructor(registry: MetricsRegistry, store: WeightsStore) {
    this.scores = registry.gauge('validator_allowance_paid_job_scores');
    const standing = registry.gauge('validator_cycle_weights', async () => {
      const newest = await store.newest().catch(() => null);
      for (const state of states) standing.set({ state }, newest?.state === state ? 1 : 0);
    });
  }

  /** The scores of a cycle replace those of the one before. */
  computed(scores: ClassScores): void {
    this.scores.reset();
    for (const [executor_class, miners] of scores)
      for (const [miner_hotkey, score] of miners) this.scores.set({ miner_hotkey, executor_class }, score);
  }
}
