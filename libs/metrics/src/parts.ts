import type { Provider, Type } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { CommonMetrics, MetricsOptions } from './common-metrics.ts';
import { LastDone } from './last-done.ts';
import { ServiceMetrics } from './service-metrics.ts';

/** The metrics of a service: its own registry, and what all services measure. Beside them belongs `MetricsController`. */
export const metricsParts = (registry: Type<Registry>, options: MetricsOptions): Provider[] => [
  registry,
  { provide: ServiceMetrics, useExisting: registry },
  { provide: MetricsOptions, useValue: options },
  LastDone,
  CommonMetrics,
];
