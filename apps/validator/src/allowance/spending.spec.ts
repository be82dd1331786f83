import { describe, expect, it } from 'vitest';
import type { Blocks } from './blocks.ts';
import { accountKey, Offer } from './manifests.ts';
import { Spending, type Spend } from './spending.ts';
import { blocksOf, offerOf } from './testing/chain-of.ts';

const account = { minerHotkey: 'miner', executorClass: 'always_on.llm.a6000' } as const;
const shares = { v0: 0.5, v1: 0.3, v2: 0.2 };
const range = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);

const spending = (
  blocks: Blocks,
  offer: Offer = offerOf({ block: 0, count: 2 }),
  leeway = { lower: 15, upper: 0 },
) => new Spending({ blocks, offers: new Map([[accountKey(account), offer]]), leeway });

const spend = (blocks: Blocks, began: number, offered: number[], more: Partial<Spend> = {}): Spend => ({
  ...account,
  validatorHotkey: 'v1',
  startedAt: blocks.get(began)!.at + 500,
  blocks: offered,
  cost: 660,
  ...more,
});

describe('a job is paid', () => {
  const chain = blocksOf(Array<number>(1_000).fill(12_000), shares);

  it('with the 92 blocks of the worked example, which no other job is paid with again', () => {
    const judge = spending(chain);
    const job = spend(chain, 900, range(178, 92));
    expect(judge.judge(job)).toEqual({
      is: 'accepted',
      counted: 92,
      outsideRange: 0,
      doubleSpent: 0,
      lost: 0,
    });
    expect(judge.judge(job)).toEqual({
      is: 'too little',
      worth: 0,
      counted: 0,
      outsideRange: 0,
      doubleSpent: 92,
      lost: 0,
    });
  });

  it('not with one block less', () => {
    expect(spending(chain).judge(spend(chain, 900, range(178, 91)))).toMatchObject({ is: 'too little' });
  });

  it.each([
    ['the oldest that counts', 163, 0],
    ['one that is too old', 162, 1],
  ])('from %s on', (_what, first, outsideRange) => {
    const verdict = spending(chain).judge(spend(chain, 900, range(first, 93)));
    expect(verdict).toMatchObject({ is: 'accepted', counted: 93 - outsideRange, outsideRange });
  });

  it('up to the block in which it began, and not with later ones', () => {
    const job = spend(chain, 900, [...range(809, 92), 901, 902]);
    expect(spending(chain).judge(job)).toMatchObject({ is: 'accepted', outsideRange: 2 });
    const leeway = { lower: 15, upper: 2 };
    expect(spending(chain, undefined, leeway).judge(job)).toMatchObject({ outsideRange: 0 });
  });

  it('with each block once, however often it is listed', () => {
    const job = spend(chain, 900, [...range(178, 46), ...range(178, 46)]);
    expect(spending(chain).judge(job)).toMatchObject({ is: 'too little' });
  });

  it('from the allowance of its own validator, miner and class', () => {
    const judge = spending(chain);
    expect(judge.judge(spend(chain, 900, range(178, 92), { validatorHotkey: 'v0' })).is).toBe('accepted');
    expect(judge.judge(spend(chain, 900, range(178, 92))).is).toBe('accepted');
    expect(judge.judge(spend(chain, 900, range(300, 92), { minerHotkey: 'other' })).is).toBe('too little');
    expect(judge.judge(spend(chain, 900, range(300, 92), { validatorHotkey: 'nobody' })).is).toBe(
      'too little',
    );
  });

  it('not where it is not known in which block it began', () => {
    const judge = spending(chain);
    for (const startedAt of [chain.get(0)!.at - 1, chain.get(1_000)!.at])
      expect(judge.judge(spend(chain, 900, range(178, 92), { startedAt }))).toEqual({ is: 'no block' });
  });

  it('not with blocks that are not known, nor with one whose successor is not', () => {
    const gap = blocksOf(Array<number>(100).fill(12_000), shares, { first: 801 });
    expect(spending(gap).judge(spend(gap, 900, range(700, 92)))).toMatchObject({
      is: 'too little',
      worth: 0,
    });
  });
});

describe('blocks that were spent beyond what a job costs', () => {
  it('are spent, as at every other validator', () => {
    const chain = blocksOf(Array<number>(1_000).fill(12_000), shares);
    const judge = spending(chain);
    expect(judge.judge(spend(chain, 900, range(178, 200))).is).toBe('accepted');
    expect(judge.judge(spend(chain, 900, range(270, 92)))).toMatchObject({ doubleSpent: 92 });
  });
});

describe('a miner that offers fewer executors than before', () => {
  const chain = blocksOf(Array<number>(1_000).fill(12_000), shares);
  const dropped = offerOf({ block: 0, count: 2 }, { block: 850, count: 1, isDrop: true });

  it('loses what older blocks gave, for jobs that begin from then on', () => {
    const judge = spending(chain, dropped);
    expect(judge.judge(spend(chain, 849, range(178, 92)))).toMatchObject({ is: 'accepted', lost: 0 });
    expect(judge.judge(spend(chain, 850, range(300, 92)))).toMatchObject({ is: 'too little', lost: 92 });
  });

  it('does not get back at a second drop what it lost at the first', () => {
    const twice = offerOf(...dropped.changes, { block: 880, count: 0, isDrop: true });
    expect(spending(chain, twice).judge(spend(chain, 860, range(300, 92)))).toMatchObject({ lost: 92 });
  });

  it('keeps what the block of the drop gives', () => {
    const cost = 0.3 * 12;
    const judge = spending(chain, dropped);
    expect(judge.judge(spend(chain, 900, [850], { cost }))).toMatchObject({ is: 'accepted' });
    expect(judge.judge(spend(chain, 900, [849], { cost }))).toMatchObject({ is: 'too little', lost: 1 });
  });
});

/**
 * Made by CPython 3.11.7: share `300000.0 / sum([500000.0, 300000.0, 200000.0])`, two executors, the durations `m / 1000`
 * of `m` below, and the sum of `2 * share * duration * 1.0`, oldest first and newest first: exact sums that are whole, or
 * miss a whole number by the last bit, in one order or the other.
 */
const sums: [durations: number[], amount: number, sum: number, backwards: number][] = [
  [[11_971, 12_094, 11_986, 11_937, 12_012], 36, 36, 36],
  [[12_042, 12_088, 12_025, 11_927, 11_918], 36, 35.99999999999999, 36],
  [[11_984, 12_076, 11_950, 11_907, 12_083], 36, 36, 35.99999999999999],
  [
    [11_971, 12_094, 11_986, 11_937, 11_941, 11_983, 12_061, 12_005, 11_991, 12_031],
    72,
    71.99999999999999,
    71.99999999999999,
  ],
  [
    [11_997, 12_058, 11_914, 12_077, 11_905, 12_034, 12_086, 11_941, 12_090, 11_898],
    72,
    72,
    72.00000000000001,
  ],
  [
    [12_036, 11_957, 12_053, 12_034, 12_051, 12_087, 11_900, 12_098, 11_968, 11_816],
    72,
    72.00000000000001,
    72,
  ],
  [
    [11_947, 11_970, 12_004, 12_059, 12_052, 11_961, 11_914, 12_051, 12_029, 12_013],
    72,
    72.00000000000001,
    71.99999999999999,
  ],
  [
    [11_993, 12_073, 11_935, 12_093, 11_943, 12_084, 12_089, 12_064, 12_066, 11_660],
    72,
    71.99999999999999,
    72.00000000000001,
  ],
];

describe('a sum that is as much as the job costs', () => {
  it.each(sums)(
    'is judged as Python adds it up, oldest block first: %j',
    (durations, amount, sum, backwards) => {
      const chain = blocksOf([...durations, 12_000], shares);
      const offered = range(0, durations.length);
      const worthOf = (blocks: number[], cost: number) =>
        spending(chain).judge(spend(chain, durations.length, blocks, { cost }));
      expect(worthOf(offered, amount).is).toBe(sum >= amount ? 'accepted' : 'too little');
      // Whatever order they are listed in.
      expect(worthOf(offered.toReversed(), amount).is).toBe(sum >= amount ? 'accepted' : 'too little');
      expect(worthOf(offered, amount * 2)).toMatchObject({ worth: sum });
      expect(backwards).toBeCloseTo(sum, 9);
    },
  );
});
