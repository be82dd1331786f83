import { cycleOf } from '@horde/chain';
import { randomness } from '@horde/testing/random';
import { expect, it } from 'vitest';
import { applyBurn, burnOf } from '../../../apps/validator/src/scoring/burn.ts';
import { float32 } from '../../../apps/validator/src/scoring/float-arrays.ts';
import { processWeights, type UidWeights } from '../../../apps/validator/src/scoring/process-weights.ts';
import { PythonRandom } from '../../../apps/validator/src/scoring/python-random.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';

const count = 400;

interface Case {
  scores: number[];
  least: number;
  limit: number;
  burn: { rate: number; parts: [number, number][] } | null;
}

const hotkeyOf = (uid: number): string => `h${uid}`;

/** Scores, weights and the burn target are those that bittensor, NumPy and Python come to, to the last bit. */
export function weightChecks(generation: Generation, peer: Peer): void {
  const random = randomness(generation === 'old' ? 1 : 2);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(...of: T[]): T => of[below(of.length)]!;

  it('weights of random scores, limits and burns', async ({ task }) => {
    task.meta.count = count;
    const pairs = Array.from({ length: count }, () => {
      const neurons = oneOf(1, 2, 7, 8, 9, 127, 128, 129, 200, 256, 257, 300);
      const scores = Array.from({ length: neurons }, () =>
        random() < 0.3 ? 0 : oneOf(random(), 1_000 * random(), 1e-3 * below(9), 98 * random() ** 9),
      );
      const least = oneOf(0, 1, 8, neurons, neurons + 1);
      const limit = oneOf(65_535, 32_767, 6_553, 655, 300);
      return burntHere({ scores, least, limit });
    });
    const there = await peer.ask<[number[], number[]][]>('weigh_all', { cases: pairs.map(([one]) => one) });
    for (const [index, [given, here]] of pairs.entries())
      expect([here.uids, here.weights.values], JSON.stringify(given)).toEqual(there[index]);
  });

  /** A case with the parts of its burn, and what we make of it. */
  function burntHere({ scores, least, limit }: Omit<Case, 'burn'>): [Case, UidWeights] {
    const neurons = scores.length;
    const limits = { minAllowedWeights: least, maxWeightLimit: limit };
    const uids = scores.map((_, uid) => uid);
    const uidOf = new Map(uids.map((uid) => [hotkeyOf(uid), uid]));
    const raw = { uids, weights: float32(scores) };
    const weights = scores.some((score) => score !== 0) ? processWeights(raw, neurons, limits) : raw;
    const rules = {
      targets: Array.from({ length: below(5) }, () => hotkeyOf(below(neurons + 2))),
      rate: oneOf(0, 0.1, 0.333, 0.91, 1),
      partition: oneOf(0, 0.5, 0.77, 1),
    };
    const burn = burnOf(rules, (hotkey) => uidOf.has(hotkey), below(10_000_000));
    if (!burn) return [{ scores, least, limit, burn: null }, weights];
    const parts = [...burn.parts].map(([hotkey, part]): [number, number] => [uidOf.get(hotkey)!, part]);
    const after = applyBurn(weights, { rate: rules.rate, burn, uidOf }, neurons, limits);
    return [{ scores, least, limit, burn: { rate: rules.rate, parts } }, after];
  }

  it('the choice from a list, by a seed', async ({ task }) => {
    task.meta.count = count;
    const draws = Array.from({ length: count }, (): [string, number] => {
      const seed = BigInt(below(2 ** 32)) ** BigInt(oneOf(1, 1, 2, 5)) * BigInt(oneOf(1, 1, -1));
      return [String(seed), 1 + below(300)];
    });
    const here = draws.map(([seed, size]) =>
      new PythonRandom(BigInt(seed)).choice(Array.from({ length: size }, (_, place) => place)),
    );
    expect(here).toEqual(await peer.ask('choices', { draws }));
  });

  it('the cycle of a block', async ({ task }) => {
    task.meta.count = count;
    for (const netuid of [0, 12, 174, 360]) {
      const blocks = Array.from({ length: count / 4 }, () => below(oneOf(2_000, 10_000_000)));
      const here = blocks.map((block) => cycleOf(block, netuid)).map(({ start, end }) => [start, end]);
      expect(here).toEqual(await peer.ask('cycles', { netuid, blocks }));
    }
  });
}
