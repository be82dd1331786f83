import { Injectable } from '@nestjs/common';
import { commonMetrics, ServiceMetrics } from '@horde/metrics';
import { minerMetrics } from './metric-rows.ts';

/** What the rooms of the miner count. */
@Injectable()
export class MetricsRegistry extends ServiceMetrics<typeof commonMetrics & typeof minerMetrics> {
  constructor() {
    super({ ...commonMetrics, ...minerMetrics });
  }
}
