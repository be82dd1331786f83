import { readFileSync } from 'node:fs';
import path from 'node:path';
import { commonMetrics, type MetricRows } from '@horde/metrics';
import { root } from '@horde/testing/horde';
import { parse } from 'yaml';
import { services } from '../../tools/monitoring/services.ts';

export const rulesFile = path.join(root, 'envs/monitoring/alerts.yml');

export interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: Record<string, string>;
  annotations: { summary: string; command: string };
}

/** The rules as they ship. */
export const shippedRules = () =>
  parse(readFileSync(rulesFile, 'utf8')) as { groups: { name: string; rules: Rule[] }[] };

/** The queries of the dashboard that ships. */
export function shippedQueries(): string[] {
  const { panels } = JSON.parse(readFileSync(path.join(root, 'envs/monitoring/dashboard.json'), 'utf8')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** All conditions, each with its service and what that counts. */
export const conditions = services.flatMap(({ service, rows, conditions: all }) =>
  all.map((condition) => ({ ...condition, service, rows: { ...commonMetrics, ...rows } as MetricRows })),
);
type Condition = (typeof conditions)[number];

/** The labels of a series that the condition is about. */
export const labelsOf = ({ rows, metric, service, where = {} }: Condition): Record<string, string> => ({
  ...Object.fromEntries((rows[metric]?.labels ?? []).map((label) => [label, `a ${label}`])),
  ...(rows[metric]?.labels?.includes('service') && { service }),
  ...where,
});

/** A value that is the matter. */
export const wrong = ({ is, limit }: Condition): number =>
  is === 'below' ? limit / 2 - 0.01 : limit * 2 + 1;
/** A value that is not. */
export const right = ({ is, limit }: Condition): number => (is === 'below' ? limit + 1 : limit / 2);
