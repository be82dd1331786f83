import { expressionOf, type Condition } from './condition.ts';

/** A rule as Prometheus reads it. */
interface PrometheusRule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: Condition['severity']; service?: string };
  annotations: { summary: string; command: string };
}

/** What no service can tell of itself. */
const outsideRules: PrometheusRule[] = [
  {
    alert: 'ServiceDown',
    expr: 'up{job=~"facilitator|validator|miner"} == 0',
    for: '2m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'The {{ $labels.job }} at {{ $labels.instance }} does not answer.',
      command: './horde status; docker compose ps',
    },
  },
  {
    alert: 'ServiceRestarts',
    expr: 'changes(process_start_time_seconds{job=~"facilitator|validator|miner"}[30m]) > 3',
    for: '0m',
    labels: { severity: 'warning' },
    annotations: {
      summary:
        'The {{ $labels.job }} at {{ $labels.instance }} was started {{ $value }} times within half an hour.',
      command: 'docker compose logs --tail 100 {{ $labels.job }}',
    },
  },
];

/** What a value is shown as. */
const templates: Record<string, string> = {
  seconds: '{{ $value | humanizeDuration }}',
  ratio: '{{ $value | humanizePercentage }}',
};

interface ServiceConditions {
  service: string;
  conditions: readonly Condition[];
  /** The unit of a metric's values. */
  unitOf: (metric: string) => string | undefined;
}

/** The file of rules: the conditions of the services, and what only somebody else can see. */
export function prometheusRules(services: readonly ServiceConditions[]) {
  const groups = services.map(({ service, conditions, unitOf }) => ({
    name: service,
    rules: conditions.map((condition): PrometheusRule => {
      const { name, metric, says, command, severity } = condition;
      const value = templates[unitOf(metric) ?? ''] ?? '{{ $value }}';
      return {
        alert: name,
        expr: expressionOf(condition),
        for: `${condition.for}s`,
        labels: { severity, service },
        annotations: {
          summary: says.replaceAll(/\{(\w+)\}/g, (_, name) =>
            name === 'value' ? value : `{{ $labels.${name} }}`,
          ),
          command,
        },
      };
    }),
  }));
  return { groups: [...groups, { name: 'services', rules: outsideRules }] };
}
