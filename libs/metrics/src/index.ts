export { commonMetrics } from './common-rows.ts';
export { createLastDoneTable, LastDone } from './last-done.ts';
export { metricRows, type MetricRow, type MetricRows } from './metric-rows.ts';
export type { MetricsOptions } from './common-metrics.ts';
export { MetricsController } from './metrics.controller.ts';
export { metricsParts } from './parts.ts';
export { remoteWrite } from './remote-write/remote-write.ts';
export { ServiceMetrics } from './service-metrics.ts';
