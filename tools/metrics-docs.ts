/**
 * Writes docs/metrics.md and docs/alerts.md, and the alert rules and the dashboard in envs/monitoring, from what the
 * services declare, which is their only source. With --check it writes nothing and fails when a file is not up to date.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { MetricRow, MetricRows } from '../libs/metrics/src/index.ts';
import { bundleScript } from './bundle-script.ts';
import { dashboard } from './monitoring/dashboard.ts';
import type * as Services from './monitoring/services.ts';

const script = await bundleScript('tools/monitoring/services.ts');
const { commonMetrics, prometheusRules, services } = (await import(script)) as typeof Services;
rmSync(script, { force: true });

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const metricHead = ['name', 'type', 'labels', 'unit', 'what it is', "ComputeHorde's"];
const metricRow = ([name, { type, help, labels = [], unit, isReference }]: [string, MetricRow]): string[] => {
  const shown = labels.map((label) => `\`${label}\``).join(', ');
  return [`\`${name}\``, type, shown, unit ?? '', help, isReference ? 'yes' : ''];
};

function metricsOf(title: string, rows: MetricRows): string {
  const all = Object.entries(rows);
  const pages = [
    ['At `/metrics`:', all.filter(([, { isBusiness }]) => !isBusiness)],
    ['At `/business-metrics`:', all.filter(([, { isBusiness }]) => isBusiness)],
  ] as const;
  const tables = pages
    .filter(([, some]) => some.length > 0)
    .map(([page, some]) => `${page}\n\n${table(metricHead, some.map(metricRow))}\n`);
  return `## ${title}\n\n${tables.join('\n')}`;
}

const metrics = `# Metrics

What the services tell Prometheus, at \`/metrics\` and \`/business-metrics\`. Names, types and labels that are ComputeHorde's are
marked; all others are ours. Each service also tells of its process what prom-client does by itself: \`process_…\` and
\`nodejs_…\`. [Alerts and the dashboard](alerts.md) are made of these.

No label is a uuid, an address or a text of a stranger. A hotkey is one only where ComputeHorde has it: there are as many as
the subnet has neurons, 256. Statuses, classes and results are those of the protocol.

The executor has no page: it lives for one job, and is gone before a scraper of half a minute has seen it. Its miner counts
what it does. The devnet has none either.

This page is written by \`./horde docs\` from \`apps/*/src/metrics/metric-rows.ts\`.

${metricsOf('All three', commonMetrics)}
${services.map(({ service, rows }) => metricsOf(service, rows)).join('\n')}`;

const rules = prometheusRules(services);
const inMinutes = (duration: string): string => {
  const [, size, unit] = /^(\d+)(\w)$/.exec(duration)!;
  return `${unit === 's' ? Number(size) / 60 : size} min`;
};
const alertRows = rules.groups.flatMap(({ rules: some }) =>
  some.map(({ alert, annotations, labels, expr, for: lasts }) => [
    `\`${alert}\``,
    labels.severity,
    annotations.summary.replaceAll(/\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}/g, '‹$1›'),
    `\`${expr.replaceAll('|', '\\|')}\``,
    inMinutes(lasts),
    `\`${annotations.command.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '‹$1›')}\``,
  ]),
);

const alerts = `# Alerts

What needs a person, at three in the morning too. Each is declared once, in \`apps/*/src/metrics/conditions.ts\`; the rules for
Prometheus and what a service looks at by itself are made from that. This page is written by \`./horde docs\`.

- **With Prometheus and Grafana**: \`envs/monitoring\` has \`prometheus.yml\` to begin with, \`alerts.yml\` and \`dashboard.json\`.
  Metrics are read with \`METRICS_TOKEN\`, or at \`METRICS_PORT\`. An alert's annotation \`summary\` says what is the matter,
  \`command\` what to type next.
- **Without**: a service looks once a minute at what is listed here under its name, and tells \`ALERT_WEBHOOK_URL\` (a POST of
  JSON, whose \`text\` and \`content\` Slack, Discord, Mattermost and the like show) and \`ALERT_MAIL_TO\`. The same is told at
  most once an hour, and once that it is over; a restart repeats nothing. What a receiver does not take is tried again, later
  each time, and disturbs nothing else. \`./horde run SERVICE send_test_alert\` sends a message now. That a service does not run
  at all it cannot tell: that takes somebody else's look.

What the webhook gets: \`text\`, \`content\` (the same), \`status\` (\`firing\`, \`over\` or \`test\`), \`alert\`, \`severity\`, \`service\`,
\`host\`, \`says\`, \`command\`, \`since\`, \`at\`. No text of a peer or a user is in it; the names in it are
those of executors' hosts in the operator's file, and of the hosts and hotkeys that a clock is compared with.

**Clocks** are compared with the database's, and with those of the services and peers that a service has to do with anyway:
by the \`Date\` of their answers over HTTP (Pylon, miners' receipt pages and versions, settings from the web), and at a miner
by the time in validators' authentications. One that lies, or whose own clock is wrong, rings nothing: more than half of
those heard within an hour, and at least two, have to say so to the same side, and each host or hotkey has one voice. The
alert names two of them, \`/health/ready\` up to four; \`doctor\` asks anew, and names also who alone says something else.

${table(['alert', 'severity', 'says', 'when', 'lasting', 'type next'], alertRows)}
`;

const generated = '# Written by ./horde docs from apps/*/src/metrics/conditions.ts.\n';
const files = new Map([
  ['docs/metrics.md', `${metrics.trim()}\n`],
  ['docs/alerts.md', alerts],
  ['envs/monitoring/alerts.yml', generated + stringify(rules, { lineWidth: 0 })],
  ['envs/monitoring/dashboard.json', `${JSON.stringify(dashboard(), null, 2)}\n`],
]);
const check = process.argv.includes('--check');
let isStale = false;
for (const [file, text] of files) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  isStale = true;
  if (check) console.error(`${file} is not up to date: run ./horde docs.`);
  else {
    writeFileSync(file, text);
    console.log(`wrote ${file}`);
  }
}
process.exit(check && isStale ? 1 : 0);
