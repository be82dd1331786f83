/**
 * Runs the checks and all specs, unit and end to end, against one Postgres server of their own, and ends with the sum of
 * each part, what was skipped, and the counts. `--all` then runs what takes long, too (tools/test-parts.ts), two parts
 * at a time; `--resume` goes on with such a run: parts that have passed are not run again. With other arguments, which
 * are passed on to nx (`--projects=miner`), only unit specs are run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import startTestPostgres from '@horde/testing/postgres';
import { runChecks } from './check.ts';
import { PartTurns } from './part-turns.ts';
import { partsOfAll, type TestPart } from './test-parts.ts';
import { testSummary, type SpecReport } from './test-summary.ts';

const words = process.argv.slice(2);
const resumed = words.includes('--resume');
const isAll = resumed || words.includes('--all');
const forNx = words.filter((word) => !['--all', '--resume'].includes(word));

if (!resumed) rmSync('reports', { recursive: true, force: true });
mkdirSync('reports', { recursive: true });
const stopPostgres = await startTestPostgres();
/** Checks and tools that have failed: of specs, the reports tell. */
const failed: string[] = [];

const turns = new PartTurns('reports', isAll);
let isPassed = await turns.take('all', runSpecs);
if (isAll) isPassed = (await turns.takeAll(partsOfAll, runPart)) && isPassed;
await stopPostgres?.();

const reports = readdirSync('reports')
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(`reports/${file}`, 'utf8')) as SpecReport);
const summary = testSummary(reports, failed, process.cwd());
for (const line of [...turns.sums, ...summary.lines]) console.log(line);
// No test at all is no success.
process.exit(isPassed && summary.failed === 0 && reports.length > 0 ? 0 : 1);

/** The checks, and all specs in their everyday size; or what nx is to run. */
async function runSpecs(): Promise<boolean> {
  if (forNx.length > 0) {
    const nx = ['run-many', '-t', 'test', '--output-style=static', '--parallel=1', ...forNx];
    return run(['node_modules/nx/dist/bin/nx.js', ...nx]);
  }
  const checks = await runChecks();
  failed.push(...checks.map((check) => `./horde check ${check}`));
  // All specs share the workers of one vitest: none of these is idle while another project still has specs waiting.
  const specs = await run(['tools/vitest.ts', 'all']);
  return specs && checks.length === 0;
}

/** Another part runs beside it: what it prints is kept until it has ended. */
async function runPart({ name, runs, environment }: TestPart): Promise<boolean> {
  const log = `reports/${name}.log`;
  console.log(`\nPart ${name} has begun (${log}): ${runs.join(' ')}`);
  const isSpec = runs[0].endsWith('.spec.ts');
  const file = openSync(log, 'w');
  const passes = await run(isSpec ? ['tools/vitest.ts', name, ...runs] : runs, environment, file);
  closeSync(file);
  console.log(`\nPart ${name} has ended:\n${readFileSync(log, 'utf8')}`);
  if (!passes && !isSpec) failed.push(runs.join(' '));
  return passes;
}

/** Runs a program of Node's. @returns whether it ends with 0 */
async function run(
  command: string[],
  environment: Record<string, string> = {},
  output: number | 'inherit' = 'inherit',
): Promise<boolean> {
  const program = spawn(process.execPath, command, {
    stdio: ['inherit', output, output],
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...environment },
  });
  const [status] = (await once(program, 'exit')) as [number | null];
  return status === 0;
}
