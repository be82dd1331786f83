import { Controller, Get, Header } from '@nestjs/common';
import { Metrics } from './metrics.ts';

/** For Prometheus. As in ComputeHorde nobody has to log in: whoever minds keeps it from the public. */
@Controller()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** The process, connections, slots, queues, receipts. */
  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  technical(): Promise<string> {
    return this.metrics.technicalText();
  }

  /** Jobs and validators. */
  @Get('business-metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  business(): Promise<string> {
    return this.metrics.businessText();
  }
}
