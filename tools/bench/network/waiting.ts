import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '../figure.ts';
import { atOnce, inTurn } from './bare.ts';
import { PlayedNetwork } from './played-network.ts';

const executors = 100;
/** So many jobs end while the rate is measured. */
const ends = 5_000;
/** How many are created at once. */
const creators = 20;
/** How often the queue is filled up. @unit ms */
const pause = 500;
/** How many wait, and what part of the rate with the fewest is wanted then. NETWORK_WAITING names other ones. */
const bars: Record<number, number> = { 10_000: 0.8, 100_000: 0.7 };
const depths = (process.env['NETWORK_WAITING'] ?? '100 10000 100000').split(' ').map(Number);

/** The rate at which jobs end while others wait, of five classes and twenty users, beside executors that only say to run them. */
export async function figuresOfWaiting(): Promise<Figure[]> {
  const figures: Figure[] = [];
  let first: number | null = null;
  for (const depth of depths) {
    const rate = await rateWith(depth);
    first ??= rate;
    const bar = bars[depth] ?? null;
    figures.push({
      name: `played, ${depth.toLocaleString('en')} waiting: rate`,
      value: rate / first,
      unit: `of that with ${depths[0]!.toLocaleString('en')}`,
      bar,
      atLeast: true,
      note: `${rate.toFixed(1)} jobs/s`,
    });
  }
  return figures;
}

async function rateWith(depth: number): Promise<number> {
  const network = await PlayedNetwork.start(executors, { classes: 5, users: 20 });
  try {
    const fill = async () => {
      const { ended, unfinished } = await network.counts();
      const missing = Math.max(0, depth + executors - unfinished);
      await atOnce(
        creators,
        inTurn(missing, () => network.create()),
      );
      return { ended, missing };
    };
    // Some end while the others are created.
    while ((await fill()).missing > creators);
    const { ended: before } = await network.counts();
    const began = performance.now();
    let ended = 0;
    while (ended < ends) {
      await sleep(pause);
      ended = (await fill()).ended - before;
    }
    return ended / ((performance.now() - began) / 1_000);
  } finally {
    await network.stop();
  }
}
