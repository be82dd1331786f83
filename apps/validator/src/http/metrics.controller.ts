import { Controller, Get, Header } from '@nestjs/common';
import { Metrics } from './metrics.ts';

/** For Prometheus. As in ComputeHorde nobody has to log in: whoever minds keeps it from the public. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.metrics.text();
  }
}
