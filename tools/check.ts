/**
 * Runs what is checked without running anything: lint with types, format, unused code, import directions, generated documents.
 * Arguments choose some of them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { refuseArguments } from './arguments.ts';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const all = Object.keys(scripts).flatMap((script) => /^check:(.+)$/.exec(script)?.slice(1) ?? []);

/** Runs all checks, also when one fails, one for each processor at a time. @returns the names of those that failed */
export async function runChecks(names: string[] = all): Promise<string[]> {
  const waiting = [...names];
  const failed: string[] = [];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      if (!(await runCheck(name))) failed.push(name);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return failed;
}

/** What it says is shown when it has ended: others run beside it. */
async function runCheck(name: string): Promise<boolean> {
  const started = performance.now();
  const check = spawn(process.execPath, ['--run', `check:${name}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const output of [check.stdout, check.stderr]) output.on('data', (chunk: Buffer) => said.push(chunk));
  const [status] = (await once(check, 'close')) as [number | null];
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  process.stdout.write(Buffer.concat(said));
  console.log(`check ${name.padEnd(8)} ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
  return status === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    refuseArguments('check', `There is no check ${unknown.join(', ')}: ${all.join(', ')}.`);
  }
  const failed = await runChecks(names.length > 0 ? names : all);
  process.exit(failed.length === 0 ? 0 : 1);
}
