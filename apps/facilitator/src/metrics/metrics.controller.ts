import { Controller, Get, Header } from '@nestjs/common';
import { Metrics } from './metrics.ts';

/** `GET /metrics`, for Prometheus. As in ComputeHorde it asks for no login: whoever runs this keeps it from the public. */
@Controller()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.metrics.text();
  }
}
