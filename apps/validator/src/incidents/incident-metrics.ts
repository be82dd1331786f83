import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import type { IncidentKind } from './incident-of.ts';

/** What ComputeHorde calls them; a reported cheat is no incident there. */
const types: Record<IncidentKind, string> = {
  declined: 'MINER_JOB_REJECTED',
  unreachable: 'MINER_HORDE_FAILED',
  no_answer: 'MINER_HORDE_FAILED',
  timed_out: 'MINER_HORDE_FAILED',
  horde_failed: 'MINER_HORDE_FAILED',
  cheated: 'JOB_CHEATED',
};

/** The incidents of miners, under ComputeHorde's name. */
@Injectable()
export class IncidentMetrics {
  private readonly reported: Counter<'incident_type' | 'miner_hotkey' | 'executor_class'>;

  constructor(registry: MetricsRegistry) {
    this.reported = registry.counter('validator_miner_incident_reported_total');
  }

  count(kind: IncidentKind, miner_hotkey: string, executor_class: string): void {
    this.reported.inc({ incident_type: types[kind], miner_hotkey, executor_class });
  }
}
