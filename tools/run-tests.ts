/**
 * Runs all specs, unit and end to end, against one Postgres server of their own, and ends with their counts.
 * Arguments are passed on to nx, for example `--projects=miner`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import startTestPostgres from '@horde/testing/postgres';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  success: boolean;
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

rmSync('reports', { recursive: true, force: true });
const stopPostgres = await startTestPostgres();
const nx = (...args: string[]) =>
  spawnSync(process.execPath, ['node_modules/nx/dist/bin/nx.js', ...args], {
    stdio: 'inherit',
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  }).status === 0;
const unit = nx('run-many', '-t', 'test', '--parallel=2', '--output-style=static', ...process.argv.slice(2));
const e2e = process.argv.length > 2 || nx('run-many', '-t', 'e2e', '--parallel=1', '--output-style=static');
await stopPostgres?.();

const reports = (existsSync('reports') ? readdirSync('reports') : []).map(
  (file) => JSON.parse(readFileSync(`reports/${file}`, 'utf8')) as Report,
);
const sum = (count: (report: Report) => number) =>
  reports.reduce((total, report) => total + count(report), 0);
for (const { testResults } of reports) {
  for (const { name, status, assertionResults } of testResults.filter(
    (result) => result.status === 'failed',
  )) {
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map(({ fullName }) => fullName);
    console.log(
      `failed: ${name}\n${failed.map((test) => `  ${test}\n`).join('') || `  the file itself (${status})\n`}`,
    );
  }
}
const broken = reports.filter(({ success, numFailedTests }) => !success && numFailedTests === 0).length;
const failed = sum((report) => report.numFailedTests) + broken;
const skipped = sum((report) => report.numPendingTests);
console.log(
  `${sum((report) => report.numPassedTests)} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
);
// No test at all is no success.
process.exit(unit && e2e && failed === 0 && reports.length > 0 ? 0 : 1);
