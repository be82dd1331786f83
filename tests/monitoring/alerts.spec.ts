import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand, type CommandProgram } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { because } from '@horde/testing/missing';
import { missingPrometheus, promtool } from '@horde/testing/prometheus';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { facilitatorProgram } from '../../apps/facilitator/src/commands/program.ts';
import { minerProgram } from '../../apps/miner/src/commands/program.ts';
import { validatorProgram } from '../../apps/validator/src/commands/program.ts';
import { conditions, labelsOf, right, rulesFile, shippedRules, wrong, type Rule } from './conditions.ts';

const ruleOf = (name: string) =>
  shippedRules()
    .groups.flatMap(({ rules }) => rules)
    .find(({ alert }) => alert === name)!;

describe('every alert', () => {
  it('is about a gauge that its service has', () => {
    for (const { name, metric, rows, where = {} } of conditions) {
      expect([name, rows[metric]?.type]).toEqual([name, 'gauge']);
      expect(rows[metric]!.labels ?? []).toEqual(expect.arrayContaining(Object.keys(where)));
      expect(rows[metric]!.isBusiness).toBeUndefined();
    }
  });

  it('names a command that there is', async () => {
    const programs = [facilitatorProgram, validatorProgram, minerProgram] as unknown as CommandProgram[];
    for (const { name, command } of conditions) {
      const [, service, word] = /^\.\/horde run (\w+) (\w+)/.exec(command) ?? [];
      if (!service) continue;
      const program = programs.find((each) => each.name === service)!;
      const said: string[] = [];
      const context = new program.context(
        {},
        (text) => said.push(text),
        createLogger(service, { write: () => undefined }),
        new AbortController().signal,
      );
      expect([name, await runCommand(program, [word!, '--help'], context, () => undefined)]).toEqual([
        name,
        0,
      ]);
      expect(said.join()).toContain(word);
    }
  });
});

describe.skipIf(missingPrometheus !== null)(`the shipped rules${because(missingPrometheus)}`, () => {
  it('fire when their time has passed, no earlier, and end with what was the matter', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-rules-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const tests = conditions.map((condition) => {
      const { name, metric, service } = condition;
      const { labels, for: lasting } = ruleOf(name);
      const minutes = Number.parseInt(lasting) / 60;
      const series = Object.entries({ ...labelsOf(condition), job: service, instance: 'here' });
      const at = (minute: number, isFiring: boolean) => ({
        alertname: name,
        eval_time: `${minute}m`,
        exp_alerts: isFiring
          ? [
              {
                exp_labels: { ...labels, ...Object.fromEntries(series) },
                exp_annotations: shownBy(condition),
              },
            ]
          : [],
      });
      // From the fifth minute on it is the matter, until it has been told for five.
      const values = `${right(condition)}x4 ${wrong(condition)}x${minutes + 5} ${right(condition)}x5`;
      return {
        interval: '1m',
        input_series: [
          { series: `${metric}{${series.map(([label, value]) => `${label}="${value}"`).join()}}`, values },
        ],
        alert_rule_test: [
          at(4, false),
          at(5 + minutes - 1, false),
          at(5 + minutes, true),
          at(5 + minutes + 4, true),
          at(5 + minutes + 6, false),
        ],
      };
    });
    const outside = [
      {
        interval: '1m',
        input_series: [{ series: 'up{job="miner",instance="here"}', values: '1x4 0x10' }],
        alert_rule_test: [
          { alertname: 'ServiceDown', eval_time: '6m', exp_alerts: [] },
          {
            alertname: 'ServiceDown',
            eval_time: '7m',
            exp_alerts: [
              {
                exp_labels: { severity: 'critical', job: 'miner', instance: 'here' },
                exp_annotations: {
                  summary: 'The miner at here does not answer.',
                  command: './horde status; docker compose ps',
                },
              },
            ],
          },
        ],
      },
      {
        interval: '1m',
        input_series: [
          { series: 'process_start_time_seconds{job="miner",instance="here"}', values: '1 2 3 4 5 5x90' },
        ],
        alert_rule_test: [
          { alertname: 'ServiceRestarts', eval_time: '3m', exp_alerts: [] },
          {
            alertname: 'ServiceRestarts',
            eval_time: '5m',
            exp_alerts: [
              {
                exp_labels: { severity: 'warning', job: 'miner', instance: 'here' },
                exp_annotations: {
                  summary: 'The miner at here was started 4 times within half an hour.',
                  command: 'docker compose logs --tail 100 miner',
                },
              },
            ],
          },
          { alertname: 'ServiceRestarts', eval_time: '60m', exp_alerts: [] },
        ],
      },
    ];
    const test = path.join(folder, 'test.yml');
    writeFileSync(
      test,
      stringify({ rule_files: [rulesFile], evaluation_interval: '1m', tests: [...tests, ...outside] }),
    );
    expect(promtool('check', 'rules', rulesFile)).toContain(`${tests.length + 2} rules found`);
    expect(promtool('test', 'rules', test)).toContain('SUCCESS');
  });
});

/** The annotations, with the value as Prometheus writes it. */
function shownBy(condition: (typeof conditions)[number]): Rule['annotations'] {
  const { annotations } = ruleOf(condition.name);
  const value = wrong(condition);
  const shown = /humanizePercentage/.test(annotations.summary)
    ? `${Number((value * 100).toPrecision(4))}%`
    : /humanizeDuration/.test(annotations.summary)
      ? durationOf(value)
      : String(value);
  const labels = labelsOf(condition);
  const summary = annotations.summary
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label]!)
    .replace(/\{\{[^}]+\}\}/, shown);
  return { ...annotations, summary };
}

/** As Prometheus' humanizeDuration has it. */
function durationOf(seconds: number): string {
  const [s, m, h, d] = [
    seconds % 60,
    Math.floor(seconds / 60) % 60,
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 86_400),
  ];
  if (d > 0) return `${d}d ${h}h ${m}m ${s}s`;
  if (h > 0) return `${h}h ${m}m ${s}s`;
  return m > 0 ? `${m}m ${s}s` : `${s}s`;
}
