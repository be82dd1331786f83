/**
 * Runs one bench of tools/bench and prints its figures: name, value, unit, bar, and whether it holds or falls short.
 * Ends with 1 when a figure falls short.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readArguments, refuseArguments } from './arguments.ts';
import type { Figure } from './bench/figure.ts';
import { bundleScript } from './bundle-script.ts';

/** What every bench exports. */
interface Bench {
  figures: () => Promise<Figure[]>;
}

const { values, positionals } = readArguments('bench', {
  allowPositionals: true,
  options: { json: { type: 'string' } },
});
const [name = ''] = positionals;
const entry = `tools/bench/${name}.ts`;
if (!/^[\w-]+$/.test(name) || !existsSync(entry)) {
  const names = readdirSync('tools/bench').filter(
    (file) =>
      file.endsWith('.ts') &&
      /^export (const|async function) figures\b/m.test(readFileSync(`tools/bench/${file}`, 'utf8')),
  );
  refuseArguments(
    'bench',
    `There is no bench ${JSON.stringify(name)}: ${names.map((file) => path.basename(file, '.ts')).join(', ')}.`,
  );
}

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
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ bench: name, machine, figures: measured }, null, 2)}\n`);
process.exit(measured.some(({ verdict }) => verdict === 'short') ? 1 : 0);

function verdictOn({ value, bar, atLeast }: Figure): 'holds' | 'short' | null {
  if (bar === null) return null;
  return (atLeast ? value >= bar : value <= bar) ? 'holds' : 'short';
}

function rounded(value: number): string {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
}
