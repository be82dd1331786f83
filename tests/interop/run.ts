/**
 * Checks our protocol against ComputeHorde's published Python packages, and prints a table of the checks.
 * Where the packages cannot be had (no Python 3.11, no package registry) they are skipped, or with --require fail.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readArguments } from '../../tools/arguments.ts';
import { generations, pythonEnvironment } from './environment.ts';

interface Row {
  check: string;
  count: number;
  verdict: 'passes' | 'fails' | 'skipped';
}

interface Report {
  testResults: {
    message: string;
    status: string;
    assertionResults: {
      ancestorTitles: string[];
      title: string;
      status: string;
      meta: { count?: number };
      failureMessages: string[];
    }[];
  }[];
}

const { values: options } = readArguments('interop', {
  options: { require: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const environments = await Promise.all(generations.map(pythonEnvironment));
const missing = environments.find((environment) => 'missing' in environment);
if (missing) {
  say(options.json ? JSON.stringify({ skipped: missing.missing }) : `interop: skipped. ${missing.missing}`);
  process.exit(options.require ? 1 : 0);
}

const root = path.join(import.meta.dirname, '../..');
const env = { ...process.env, WHOLE_INTEROP: 'yes' };
const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
const built = run('node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'build', '--output-style=static');
if (built.status !== 0) {
  process.stderr.write(`The services cannot be built.\n${built.stdout}${built.stderr}`);
  process.exit(1);
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'horde-interop-'));
const file = path.join(folder, 'report.json');
const { stdout, stderr, status } = run(
  'node_modules/vitest/vitest.mjs',
  'run',
  'tests/interop/',
  '--reporter=json',
  `--outputFile=${file}`,
);
const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
rmSync(folder, { recursive: true, force: true });
if (!report?.testResults.length) {
  process.stderr.write(`The checks did not run.\n${stdout}${stderr}`);
  process.exit(1);
}

const rows = new Map<string, Row>();
for (const { assertionResults, status: ofFile } of report.testResults) {
  // Where a hook failed, the tests count as skipped.
  const hookFailed = ofFile === 'failed' && !assertionResults.some((one) => one.status === 'failed');
  for (const { ancestorTitles, title, status: result, meta } of assertionResults) {
    // A link has many messages: they share a row.
    const check = [...ancestorTitles, title.replace(/: V?\w+, /, ': every message, ')]
      .filter(Boolean)
      .join(', ');
    const row = rows.get(check) ?? { check, count: 0, verdict: 'passes' };
    if (result === 'skipped' || result === 'pending') row.verdict = hookFailed ? 'fails' : 'skipped';
    else {
      row.count += meta.count ?? 1;
      if (result !== 'passed') row.verdict = 'fails';
    }
    rows.set(check, row);
  }
}

const failures = report.testResults.flatMap(({ message, assertionResults }) => [
  ...(message ? [message] : []),
  ...assertionResults.flatMap(({ title, failureMessages }) =>
    failureMessages.map((failure) => `${title}\n${failure}`),
  ),
]);
for (const failure of failures) process.stderr.write(`${failure}\n\n`);

const table = [...rows.values()];
if (options.json) say(JSON.stringify(table, null, 2));
else {
  const width = Math.max(...table.map(({ check }) => check.length));
  for (const { check, count, verdict } of table)
    say(`${check.padEnd(width)}  ${String(count).padStart(6)}  ${verdict}`);
  const of = (verdict: Row['verdict']) => table.filter((row) => row.verdict === verdict).length;
  say(`\n${of('passes')} passed, ${of('fails')} failed, ${of('skipped')} skipped`);
}
process.exit(status ?? 1);
