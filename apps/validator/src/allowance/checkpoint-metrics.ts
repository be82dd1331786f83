import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, measureOnce, tryToMeasure, type Logger } from '@horde/operations';
import type { Gauge } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { allowanceSums } from './checkpoint.ts';
import { AllowanceHistory } from './history.ts';

/** As many as ComputeHorde's validators add up. @unit blocks */
const added = 100;
/** How old they may be: there may be thousands of sums. @unit ms */
const freshness = 60_000;

/** What the newest blocks give each validator of each miner, under ComputeHorde's name. */
@Injectable()
export class CheckpointMetrics {
  private readonly gauge: Gauge<'miner_hotkey' | 'validator_hotkey' | 'executor_class'>;

  constructor(
    registry: MetricsRegistry,
    private readonly history: AllowanceHistory,
    private readonly database: Database,
    @Inject(LOGGER) logger: Logger,
  ) {
    const measure = () => tryToMeasure(logger, 'the allowance', () => this.measure());
    this.gauge = registry.gauge(
      'validator_block_allowance_checkpoint_seconds',
      measureOnce(measure, freshness),
    );
  }

  private async measure(): Promise<void> {
    const [{ newest }] = await this.database.manager.query<[{ newest: number | null }]>(
      'select max(number) as newest from allowance_block',
    );
    const range = { from: (newest ?? 0) - added, to: newest ?? 0 };
    const sums = allowanceSums(await this.history.blocks(range), range, await this.history.offers());
    this.gauge.reset();
    for (const { minerHotkey, validatorHotkey, executorClass, seconds } of sums)
      this.gauge.set(
        { miner_hotkey: minerHotkey, validator_hotkey: validatorHotkey, executor_class: executorClass },
        seconds,
      );
  }
}
