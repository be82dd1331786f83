/**
 * Runs one bench of tools/bench and prints its figures: name, value, unit, bar, and whether it holds or falls short.
 * `all` runs each in a process of its own, one after another. Ends with 1 when a figure falls short.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readArguments, refuseArguments } from './arguments.ts';
import type { Figure } from './bench/figure.ts';
import type { Results, Verdict } from './bench/results.ts';
import { bundleScript } from './bundle-script.ts';

/** What every bench exports. */
interface Bench {
  figures: () => Promise<Figure[]>;
}

const { values, positionals } = readArguments('bench', {
  allowPositionals: true,
  options: { json: { type: 'string' }, 'without-bars': { type: 'boolean' }, help: { type: 'boolean' } },
});
const names = readdirSync('tools/bench')
  .filter(
    (file) =>
      file.endsWith('.ts') &&
      /^export (const|async function) figures\b/m.test(readFileSync(`tools/bench/${file}`, 'utf8')),
  )
  .map((file) => path.basename(file, '.ts'));
if (values.help) {
  console.log(
    `./horde bench all|${names.join('|')} [--json FILE] [--without-bars]\n` +
      'Measures, and prints each figure with its bar. --json adds the figures to a file, in the place of those that the bench had\n' +
      'there; docs/performance.md is written from the files in bench/results, one for each release. It ends with 1 where a figure falls\n' +
      'short, but for --without-bars, as where something else runs beside it.',
  );
  process.exit(0);
}
const [name = ''] = positionals;
if (name === 'all') {
  const json = values.json === undefined ? [] : ['--json', values.json];
  const codes = names.map(
    (one) => spawnSync(process.execPath, [process.argv[1]!, one, ...json], { stdio: 'inherit' }).status,
  );
  process.exit(codes.every((code) => code === 0) ? 0 : 1);
}
if (!names.includes(name))
  refuseArguments('bench', `There is no bench ${JSON.stringify(name)}: all, ${names.join(', ')}.`);
const entry = `tools/bench/${name}.ts`;

const machine = {
  processor: os.cpus()[0]?.model.trim() ?? 'unknown',
  cores: os.availableParallelism(),
  memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
  system: `${os.type()} ${os.release()}`,
  node: process.version,
  load: os.loadavg()[0]!.toFixed(1),
};
console.log(
  `${name} on ${machine.cores} cores of ${machine.processor}, ${machine.memory}, ${machine.system}, Node ${machine.node}, load ${machine.load}`,
);

const script = await bundleScript(entry);
const { figures } = (await import(script)) as Bench;
rmSync(script, { force: true });
const measured = (await figures()).map((figure) => ({ ...figure, verdict: verdictOn(figure) }));
for (const { name, value, unit, bar, atLeast, note, verdict } of measured) {
  const wanted = bar === null ? '' : `, bar ${atLeast ? '>=' : '<='} ${rounded(bar)} ${unit}, ${verdict}`;
  console.log(`${name}: ${rounded(value)} ${unit}${wanted}${note ? ` (${note})` : ''}`);
}
if (values.json) {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const results: Results = existsSync(values.json)
    ? (JSON.parse(readFileSync(values.json, 'utf8')) as Results)
    : { version, benches: {} };
  results.benches[name] = { measured: new Date().toISOString().slice(0, 10), machine, figures: measured };
  writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
}
process.exit(!values['without-bars'] && measured.some(({ verdict }) => verdict === 'short') ? 1 : 0);

function verdictOn({ value, bar, atLeast }: Figure): Verdict {
  if (bar === null) return null;
  return (atLeast ? value >= bar : value <= bar) ? 'holds' : 'short';
}

function rounded(value: number): string {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
}
