import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { MetricsGuard } from '@horde/operations';
import { ServiceMetrics } from './service-metrics.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** For Prometheus, which has to bring METRICS_TOKEN, or comes to METRICS_PORT. */
@Controller()
@UseGuards(MetricsGuard)
export class MetricsController {
  constructor(private readonly all: ServiceMetrics) {}

  /** The process, and how the service does. */
  @Get('metrics')
  @Header('content-type', contentType)
  metrics(): Promise<string> {
    return this.all.metrics();
  }

  /** Who uses it, and for what. */
  @Get('business-metrics')
  @Header('content-type', contentType)
  businessMetrics(): Promise<string> {
    return this.all.business.metrics();
  }
}
