import { cycleLength, cycleOf } from '@horde/chain';
import { randomness } from '@horde/testing/random';

/** A job with the receipts that its miner shows. */
interface RandomJob {
  uuid: string;
  validator: string;
  miner: string;
  executor_class: string;
  /** The time of the started receipt; no two jobs have the same. @unit ms since 1970 */
  started_at: number;
  /** The time of the finished receipt. @unit ms since 1970 */
  finished_at: number;
  /** @unit executor-seconds */
  cost: number;
  blocks: number[];
}

/** All that the weights for a cycle depend on, as JSON, which Python reads, too. */
export interface RandomCycle {
  /** The block in which the weights are handed in. */
  head: number;
  /** The blocks that are known: some before the cycle, its beginning and its end. @unit ms since 1970 */
  blocks: { number: number; at: number }[];
  multiplier: number;
  neurons: { uid: number; hotkey: string; coldkey: string; stake: number }[];
  manifests: { hotkey: string; executor_class: string; block: number; count: number; is_drop: boolean }[];
  /** In the order of their finished receipts. */
  jobs: RandomJob[];
  main_hotkeys: { coldkey: string; current: string | null; previous: string | null }[];
  class_weights: string;
  burn: { targets: string; rate: number; partition: number };
  limits: { min_allowed_weights: number; max_weights_limit: number };
  leeway: { lower: number; upper: number };
}

const classes = ['spin_up-4min.gpu-24gb', 'always_on.llm.a6000', 'always_on.cpu.8c.16gb'];

/**
 * A small network in which everything happens that verdicts and weights turn on: blocks of odd lengths, drops, jobs that
 * are paid twice, too late, with too little or to the last bit, coldkeys with several hotkeys, main hotkeys that change
 * or are nobody's, limits that bind, burns.
 */
export function randomCycle(seed: number): RandomCycle {
  const random = randomness(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(...of: T[]): T => of[below(of.length)]!;
  const some = <T>(of: readonly T[], chance: number) => of.filter(() => random() < chance);

  const label = (1 + below(9_000)) * cycleLength;
  const cycle = cycleOf(label, 12);
  const blocks = randomBlocks();
  const coldkeys = 1 + below(4);
  const miners = Array.from({ length: 2 + below(7) }, (_, i) => `m${i}`);
  const validators = Array.from({ length: 1 + below(3) }, (_, i) => `v${i}`);
  const neurons = [...validators, ...miners].map((hotkey, uid) => ({
    uid,
    hotkey,
    // A hotkey may be its own coldkey, and that of others. One that is others' only may get two scores, of which Python
    // keeps the later one in an order of its own.
    coldkey:
      hotkey === miners[0] ? hotkey : oneOf(hotkey, miners[0]!, `c${below(coldkeys)}`, `c${below(coldkeys)}`),
    stake: validators.includes(hotkey) ? oneOf(1_000, 30_000 * random(), 500_000) : 0,
  }));
  const manifests = miners.flatMap((hotkey) =>
    some(classes, 0.9).flatMap((executor_class) => randomOffer(hotkey, executor_class)),
  );
  const multiplier = oneOf(1, 1, 0.7, 1.3);

  return {
    head: label + cycleLength + 361 + below(345),
    blocks,
    multiplier,
    neurons,
    manifests,
    jobs: Array.from({ length: 5 + below(40) }, randomJob).toSorted((a, b) => a.finished_at - b.finished_at),
    main_hotkeys: [...new Set(neurons.map(({ coldkey }) => coldkey))].map((coldkey) => {
      const own = neurons.filter((neuron) => neuron.coldkey === coldkey).map(({ hotkey }) => hotkey);
      return { coldkey, current: oneOf(null, 'm0', ...own), previous: oneOf(null, 'm1', ...own) };
    }),
    class_weights: classes.map((name) => `${name}=${oneOf(98, 1, 0, 0.5)}`).join(','),
    burn: {
      targets: some([...miners, ...validators, 'gone'], 0.3).join(','),
      rate: oneOf(0, 0.1, 0.333, 0.91, 1),
      partition: oneOf(0, 0.5, 0.77, 1),
    },
    limits: {
      min_allowed_weights: oneOf(0, 1, 4, 30),
      max_weights_limit: oneOf(65_535, 65_535, 32_767, 6_553),
    },
    leeway: { lower: oneOf(15, 0), upper: oneOf(0, 2) },
  };

  function randomBlocks(): RandomCycle['blocks'] {
    let at = Date.UTC(2026) + below(1_000);
    const run = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => {
        at += oneOf(12_000, 12_000, 11_700, 11_900, 12_100, 12_300, 11_900 + below(200), 12_500, 12_501);
        return { number: from + i, at };
      });
    const beginning = run(cycle.start - 40, cycle.start + 25);
    at += 690 * 12_000;
    return [...beginning, ...run(cycle.end - 5, cycle.end + 2)];
  }

  function randomOffer(hotkey: string, executor_class: string): RandomCycle['manifests'] {
    let count = 0;
    return some([-60, -30, -10, 2, 12], 0.7).flatMap((offset) => {
      const before = count;
      count = below(4);
      if (count === before) return [];
      return { hotkey, executor_class, block: cycle.start + offset, count, is_drop: count < before };
    });
  }

  function randomJob(_: unknown, index: number): RandomJob {
    const started = blocks[25 + below(40)]!;
    const started_at = started.at + 1 + index * 7;
    const validator = oneOf(...validators, ...validators, 'stranger');
    const miner = oneOf(...miners);
    const executor_class = oneOf(...classes);
    const first = started.number - oneOf(0, 3, 10, 20, 30);
    const list = (count: number) => Array.from({ length: count }, (_unused, i) => first + i);
    const worth = (offered: number[]) => worthOf(offered, { validator, miner, executor_class });
    const counts = list(12).map((_unused, i) => i + 1);
    // Costs are whole numbers: blocks that give exactly one are the ones where the last bit decides.
    const exact = counts.filter(
      (count) => Math.abs(worth(list(count)) - Math.round(worth(list(count)))) < 1e-9,
    );
    const count = random() < 0.5 && exact.length > 0 ? oneOf(...exact) : oneOf(...counts);
    const offered = random() < 0.8 ? list(count) : list(count).map((block) => oneOf(block, first));
    const cost = Math.round(worth(offered));
    return {
      uuid: uuidOf(seed, index),
      validator,
      miner,
      executor_class,
      started_at,
      finished_at: started_at + 1_000 + below(60_000),
      cost: oneOf(0, 1, below(60), cost, cost, cost, cost, cost + 1),
      blocks: random() < 0.1 ? offered.toReversed() : offered,
    };
  }

  /** About what blocks give if none of them was lost or spent. */
  function worthOf(
    offered: number[],
    { validator, miner, executor_class }: Pick<RandomJob, 'validator' | 'miner' | 'executor_class'>,
  ): number {
    const all = neurons.reduce((sum, { stake }) => sum + stake, 0);
    const share = (neurons.find(({ hotkey }) => hotkey === validator)?.stake ?? 0) / all;
    const seconds = [...new Set(offered)].map((number) => {
      const at = blocks.findIndex((block) => block.number === number);
      const [block, next] = [blocks[at], blocks[at + 1]];
      if (!block || next?.number !== number + 1) return 0;
      const time = next.at - block.at;
      const offers = manifests.filter(
        (one) => one.hotkey === miner && one.executor_class === executor_class && one.block <= number,
      );
      return (offers.at(-1)?.count ?? 0) * (time > 12_500 ? 12 : time / 1_000);
    });
    return seconds.reduce((sum, one) => sum + one, 0) * share * multiplier;
  }
}

const uuidOf = (seed: number, index: number): string =>
  `00000000-0000-4000-8000-${(seed * 1_000 + index).toString(16).padStart(12, '0')}`;
