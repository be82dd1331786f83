/** What each service counts, and what of it needs a person: what is generated for Prometheus and Grafana is made of this. */
import { commonMetrics, type MetricRows } from '@horde/metrics';
import { facilitatorConditions } from '../../apps/facilitator/src/metrics/conditions.ts';
import { facilitatorMetrics } from '../../apps/facilitator/src/metrics/metric-rows.ts';
import { minerConditions } from '../../apps/miner/src/metrics/conditions.ts';
import { minerMetrics } from '../../apps/miner/src/metrics/metric-rows.ts';
import { validatorConditions } from '../../apps/validator/src/metrics/conditions.ts';
import { validatorMetrics } from '../../apps/validator/src/metrics/metric-rows.ts';

export { prometheusRules } from '@horde/alerts';
export { commonMetrics };

const own: { service: string; rows: MetricRows; conditions: typeof minerConditions }[] = [
  { service: 'facilitator', rows: facilitatorMetrics, conditions: facilitatorConditions },
  { service: 'validator', rows: validatorMetrics, conditions: validatorConditions },
  { service: 'miner', rows: minerMetrics, conditions: minerConditions },
];

export const services = own.map((service) => ({
  ...service,
  unitOf: (metric: string) => (service.rows[metric] ?? (commonMetrics as MetricRows)[metric])?.unit,
}));
