/**
 * Reads mutated frames of one link and prints a JSON line every thousand, and one at the end. A process of its own,
 * so that its parent can end it when a frame keeps it busy for ever.
 * Arguments: link, number of frames, seed. Needs --expose-gc.
 */
import { toJsonValue, writeCompactSorted } from '@horde/protocol';
import { randomness } from '@horde/testing/random';
import { isRefusal, links } from './links.ts';
import { mutate } from './mutate.ts';

const [link = '', count = '0', seed = '1'] = process.argv.slice(2);
const random = randomness(Number(seed));
const readers = links[link];
if (!readers) throw new Error(`There is no link ${link}.`);

const report = { read: 0, refused: 0, crashes: [] as object[] };
/** The texts that took longest, slowest first. */
let slow: { ms: number; text: string; read: (text: string) => unknown }[] = [];
/** In ASCII: who reads by lines takes U+2028 for the end of one. */
const print = (line: object) => process.stdout.write(`${writeCompactSorted(toJsonValue(line))}\n`);
/** @unit MiB */
const heap = () => {
  globalThis.gc!();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
const pick = <T>(choices: T[]): T => choices[Math.floor(random() * choices.length)]!;

/** @returns how long the reader took, in milliseconds, and what it threw */
function timed(read: (text: string) => unknown, text: string): { ms: number; error: unknown } {
  const start = performance.now();
  let error: unknown = null;
  try {
    read(text);
  } catch (thrown) {
    error = thrown;
  }
  return { ms: performance.now() - start, error };
}

function readMutated({ read, good }: (typeof links)[string][number]): void {
  const text = mutate(pick(good), random);
  const { ms, error } = timed(read, text);
  if (error === null) report.read++;
  else if (isRefusal(error)) report.refused++;
  else if (report.crashes.length < 10)
    report.crashes.push({ text: text.slice(0, 2_000), error: String((error as Error).stack) });
  if (slow.length < 20 || ms > slow.at(-1)!.ms) {
    slow = [...slow, { ms, text, read }].sort((a, b) => b.ms - a.ms).slice(0, 20);
  }
}

/** The slowest by the best of several tries: a single one measures what else the machine did, too. */
function slowest(): { ms: number; characters: number; begins: string } {
  const again = slow.map(({ text, read }) => ({
    ms: Math.min(...Array.from({ length: 5 }, () => timed(read, text).ms)),
    characters: text.length,
    begins: text.slice(0, 80),
  }));
  return again.sort((a, b) => b.ms - a.ms)[0]!;
}

// Once before anything is measured, so that the first frames do not pay for the compiler.
for (const { read, good } of readers) good.forEach(read);
let heapAtFirst = 0;
for (let frame = 1; frame <= Number(count); frame++) {
  readMutated(pick(readers));
  if (frame % 1_000 !== 0) continue;
  // The first frames fill caches, of compiled code among others; growth counts from then on.
  if (frame === Math.ceil(Number(count) / 5_000) * 1_000) heapAtFirst = heap();
  print({ frames: frame });
}
const slowestFrame = slowest();
slow = [];
print({ done: { ...report, slowest: slowestFrame, heapGrowth: heap() - heapAtFirst } });
