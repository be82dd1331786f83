/**
 * Runs what is checked without running anything: types, lint, format, unused code, import directions, generated documents.
 * Arguments choose some of them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { refuseArguments } from './arguments.ts';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const all = Object.keys(scripts).flatMap((script) => /^check:(.+)$/.exec(script)?.slice(1) ?? []);

/** Runs all checks, also when one fails. @returns the names of those that failed */
export function runChecks(names: string[] = all): string[] {
  return names.filter((name) => {
    const started = performance.now();
    const { status } = spawnSync(process.execPath, ['--run', `check:${name}`], { stdio: 'inherit' });
    const seconds = ((performance.now() - started) / 1_000).toFixed(0);
    console.log(`check ${name.padEnd(8)} ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
    return status !== 0;
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    refuseArguments('check', `There is no check ${unknown.join(', ')}: ${all.join(', ')}.`);
  }
  process.exit(runChecks(names.length > 0 ? names : all).length === 0 ? 0 : 1);
}
