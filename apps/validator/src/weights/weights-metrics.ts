import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import type { ClassScores } from '../scoring/scores.ts';
import { WeightsStore } from './weights-store.ts';
import type { WeightsState } from './cycle-weights.entity.ts';

const states: WeightsState[] = ['to compute', 'nothing to send', 'to send', 'sent', 'confirmed', 'missed'];

/** The metrics of scores and weights. */
@Injectable()
export class WeightsMetrics {
  private readonly scores: Gauge<'miner_hotkey' | 'executor_class'>;

  constructor(registry: MetricsRegistry, store: WeightsStore) {
    this.scores = new Gauge({
      name: 'validator_allowance_paid_job_scores',
      help: 'What miners were paid for in the cycle that this process scored last, in executor-seconds.',
      labelNames: ['miner_hotkey', 'executor_class'],
      registers: [registry],
    });
    const standing = new Gauge({
      name: 'validator_cycle_weights',
      help: 'How the weights for the newest cycle stand: 1 for the state that they are in.',
      labelNames: ['state'],
      registers: [],
      async collect() {
        const newest = await store.newest().catch(() => null);
        for (const state of states) this.set({ state }, newest?.state === state ? 1 : 0);
      },
    });
    registry.registerMetric(standing);
  }

  /** The scores of a cycle replace those of the one before. */
  computed(scores: ClassScores): void {
    this.scores.reset();
    for (const [executor_class, miners] of scores)
      for (const [miner_hotkey, score] of miners) this.scores.set({ miner_hotkey, executor_class }, score);
  }
}
