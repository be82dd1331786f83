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
const nx = [
  'node_modules/nx/dist/bin/nx.js',
  'run-many',
  '-t',
  'test',
  '--output-style=static',
  '--parallel=1',
];
// All specs share the workers of one vitest: none of these is idle while another project still has specs waiting.
const { status } = spawnSync(
  process.execPath,
  some.length > 0 ? [...nx, ...some] : ['tools/vitest.ts', 'all'],
  {
    stdio: 'inherit',
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  },
);
await stopPostgres?.();

const reports = (existsSync('reports') ? readdirSync('reports') : []).map(
  (file) => JSON.parse(readFileSync(`reports/${file}`, 'utf8')) as SpecReport,
);
const { lines, failed } = testSummary(reports, failedChecks, process.cwd());
for (const line of lines) console.log(line);
// No test at all is no success.
process.exit(status === 0 && failed === 0 && reports.length > 0 ? 0 : 1);
