import { Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import type { Spend, Verdict } from './spending.ts';

type Label = 'validator_hotkey' | 'miner_hotkey' | 'executor_class' | 'result';

/** How the receipts of the cycle that this process judged last were judged, under ComputeHorde's names. */
@Injectable()
export class SpendingMetrics {
  private readonly attempts: Gauge<Label>;
  private readonly blocks: Gauge<Label>;

  constructor(registry: MetricsRegistry) {
    this.attempts = registry.gauge('validator_allowance_spending_attempts');
    this.blocks = registry.gauge('validator_allowance_blocks_processed');
  }

  /** A cycle is judged: what was counted of another one is over. */
  begin(): void {
    this.attempts.reset();
    this.blocks.reset();
  }

  count({ validatorHotkey, minerHotkey, executorClass }: Omit<Spend, 'cost'>, verdict: Verdict): void {
    const who = {
      validator_hotkey: validatorHotkey,
      miner_hotkey: minerHotkey,
      executor_class: executorClass,
    };
    const results = { accepted: 'success', 'too little': 'rejected', 'no block': 'failed' };
    this.attempts.inc({ ...who, result: results[verdict.is] });
    if (verdict.is === 'no block') return;
    const { counted, outsideRange, doubleSpent, lost } = verdict;
    this.blocks.inc({ ...who, result: 'accepted' }, counted);
    this.blocks.inc({ ...who, result: 'outside_range' }, outsideRange);
    this.blocks.inc({ ...who, result: 'double_spent' }, doubleSpent);
    this.blocks.inc({ ...who, result: 'invalidated' }, lost);
  }
}
