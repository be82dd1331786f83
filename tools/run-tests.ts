/**
 * Runs the checks and all specs, unit and end to end, against one Postgres server of their own, and ends with what was
 * skipped and the counts. With arguments, which are passed on to nx (`--projects=miner`), only unit specs are run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import startTestPostgres from '@horde/testing/postgres';
import { runChecks } from './check.ts';
import { testSummary, type SpecReport } from './test-summary.ts';

rmSync('reports', { recursive: true, force: true });
const some = process.argv.slice(2);
const failedChecks = some.length > 0 ? [] : await runChecks();
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
  (file) => JSON.parse(readFileSync(`reports/${file}`, 'utf8')) as SpecReport,
);
const { lines, failed } = testSummary(reports, failedChecks, process.cwd());
for (const line of lines) console.log(line);
// No test at all is no success.
process.exit(unit && e2e && failed === 0 && reports.length > 0 ? 0 : 1);
