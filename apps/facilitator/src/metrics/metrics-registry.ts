import { Injectable } from '@nestjs/common';
import { commonMetrics, ServiceMetrics } from '@horde/metrics';
import { facilitatorMetrics } from './metric-rows.ts';

/** What the rooms of the facilitator count. */
@Injectable()
export class MetricsRegistry extends ServiceMetrics<typeof commonMetrics & typeof facilitatorMetrics> {
  constructor() {
    super({ ...commonMetrics, ...facilitatorMetrics });
  }
}
