import { Injectable } from '@nestjs/common';
import { commonMetrics, ServiceMetrics } from '@horde/metrics';
import { validatorMetrics } from './metric-rows.ts';

/** What the rooms of the validator count. */
@Injectable()
export class MetricsRegistry extends ServiceMetrics<typeof commonMetrics & typeof validatorMetrics> {
  constructor() {
    super({ ...commonMetrics, ...validatorMetrics });
  }
}
