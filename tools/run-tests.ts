/**
 * Runs the checks and all specs, unit and end to end, against one Postgres server of their own, and ends with what was
 * skipped and the counts. With arguments, which are passed on to nx (`--projects=miner`), only unit specs are run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import startTestPostgres from '@horde/testing/postgres';
import { runChecks } from './check.ts';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  success: boolean;
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

rmSync('reports', { recursive: true, force: true });
const some = process.argv.slice(2);
const failedChecks = some.length > 0 ? [] : runChecks();
const stopPostgres = await startTestPostgres();
const nx = (...args: string[]) =>
  spawnSync(process.execPath, ['node_modules/nx/dist/bin/nx.js', ...args], {
    stdio: 'inherit',
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  }).status === 0;
const unit = nx('run-many', '-t', 'test', '--parallel=2', '--output-style=static', ...some);
const e2e = some.length > 0 || nx('run-many', '-t', 'e2e', '--parallel=1', '--output-style=static');
await stopPostgres?.();

const reports = (existsSync('reports') ? readdirSync('reports') : []).map(
  (file) => JSON.parse(readFileSync(`reports/${file}`, 'utf8')) as Report,
);
const files = reports.flatMap(({ testResults }) => testResults);
const sum = (count: (report: Report) => number) =>
  reports.reduce((total, report) => total + count(report), 0);

for (const check of failedChecks) console.log(`failed: ./horde check ${check}\n`);
for (const { name, status, assertionResults } of files.filter((file) => file.status === 'failed')) {
  const failed = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
  console.log(
    `failed: ${name}\n${failed.map((test) => `  ${test}\n`).join('') || `  the file itself (${status})\n`}`,
  );
}

// Why a spec was skipped stands in its name.
const skippedBecause = new Map<string, string[]>();
for (const { name, assertionResults } of files) {
  for (const { fullName } of assertionResults.filter(
    ({ status }) => status === 'skipped' || status === 'pending',
  )) {
    const reason = /\(skipped: (.*?)\)/.exec(fullName)?.[1] ?? 'no reason is given';
    skippedBecause.set(reason, [...(skippedBecause.get(reason) ?? []), path.relative('.', name)]);
  }
}
for (const [reason, names] of skippedBecause)
  console.log(`skipped: ${names.length}, because ${reason}\n  ${[...new Set(names)].join('\n  ')}\n`);

const broken = reports.filter(({ success, numFailedTests }) => !success && numFailedTests === 0).length;
const failed = sum((report) => report.numFailedTests) + broken + failedChecks.length;
console.log(
  `${sum((report) => report.numPassedTests)} passed, ${failed} failed, ${sum((report) => report.numPendingTests)} skipped`,
);
// No test at all is no success.
process.exit(unit && e2e && failed === 0 && reports.length > 0 ? 0 : 1);
