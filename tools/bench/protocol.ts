/** How fast messages are read, and signatures verified. */
import { readFileSync, rmSync } from 'node:fs';
import { parseJson, validatorToMiner } from '@horde/protocol';
import { fuzz, fuzzedLinks } from '../../tests/fuzz/run.ts';
import { bundleScript } from '../bundle-script.ts';
import type { Figure } from './figure.ts';
import { figures as identityFigures } from './identity.ts';

/** All fuzzed frames together, a fifth of them on each link. */
const fuzzedFrames = 100_000;

/** A V0InitialJobRequest with everything in it: two volumes deep, streaming, times, and its validator's signature. */
function initialJobRequest(): string {
  const { N1 } = JSON.parse(readFileSync('tests/recorded/vectors.json', 'utf8')) as {
    N1: { text: string; signature: string };
  };
  return N1.text.replace('{', `{"validator_signature":${JSON.stringify(N1.signature)},`);
}

/**
 * Rounds of all works by turns. Counted in the processor's time, which is that of one core: the wall clock would
 * measure what else the machine does, too.
 * @returns the median of each, per second
 */
function perSecond<K extends string>(works: Record<K, () => unknown>, rounds = 21): Record<K, number> {
  const names = Object.keys(works) as K[];
  const seen = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const rate = perCpuSecond(works[name]);
      // The first round warms up.
      if (round > 0) seen[name].push(rate);
    }
  }
  const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
  return Object.fromEntries(names.map((name) => [name, median(seen[name])])) as Record<K, number>;
}

function perCpuSecond(work: () => unknown): number {
  const start = process.cpuUsage();
  for (let times = 500; ; times += 500) {
    for (let i = 0; i < 500; i++) work();
    const { user, system } = process.cpuUsage(start);
    if (user + system > 50_000) return (times * 1e6) / (user + system);
  }
}

function readingFigures(): Figure[] {
  const text = initialJobRequest();
  const rates = perSecond({
    floor: () => JSON.parse(text) as unknown,
    lossless: () => parseJson(text),
    read: () => validatorToMiner.read(text),
  });
  const figure = (name: string, value: number, bar: number | null, note?: string): Figure => ({
    name,
    value,
    unit: '1/s',
    bar,
    atLeast: true,
    note,
  });
  return [
    figure(
      'read and validate a V0InitialJobRequest',
      rates.read,
      10_000,
      `${text.length} characters, one core`,
    ),
    figure('parse its JSON, digits and order kept', rates.lossless, null),
    figure('JSON.parse of it, the floor', rates.floor, null),
  ];
}

async function slowestFrame(): Promise<Figure> {
  const script = await bundleScript('tests/fuzz/child.ts');
  const reports = [];
  for (const link of fuzzedLinks)
    reports.push(await fuzz(script, link, fuzzedFrames / fuzzedLinks.length, 1));
  rmSync(script, { force: true });
  const { ms, characters, begins } = reports.map(({ slowest }) => slowest).sort((a, b) => b.ms - a.ms)[0]!;
  return {
    name: `read one frame, the slowest of ${fuzzedFrames} fuzzed ones`,
    value: ms,
    unit: 'ms',
    bar: null,
    atLeast: false,
    note: `${characters} characters: ${begins.slice(0, 40)}`,
  };
}

export async function figures(): Promise<Figure[]> {
  return [...readingFigures(), await slowestFrame(), ...(await identityFigures())];
}
