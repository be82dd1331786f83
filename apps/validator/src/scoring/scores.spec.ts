import type { ExecutorClass } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import type { MainHotkeys } from './coldkeys.ts';
import type { PaidJob } from './paid-jobs.ts';
import { addUp, coldkeysThatDance, scoreCycle, type ScoringInputs } from './scores.ts';

const gpu = 'spin_up-4min.gpu-24gb';
const llm = 'always_on.llm.a6000';

const job = (executorClass: ExecutorClass, minerHotkey: string, cost: number): PaidJob => ({
  executorClass,
  minerHotkey,
  validatorHotkey: '5Validator',
  jobUuid: crypto.randomUUID(),
  cost,
});

const held = { c: ['a', 'b', 'd'] };

/** The scores of these jobs; where nothing else is said, of miners with these hotkeys under a coldkey `c`. */
function score(
  jobs: PaidJob[],
  main: Record<string, MainHotkeys> = {},
  holdings: Record<string, string[]> = held,
  more: Partial<ScoringInputs> = {},
) {
  const coldkeyOf = new Map(
    Object.entries(holdings).flatMap(([coldkey, hotkeys]) =>
      hotkeys.map((hotkey) => [hotkey, coldkey] as const),
    ),
  );
  return scoreCycle({
    scores: addUp(jobs),
    classWeights: new Map([[gpu, 100]]),
    coldkeyOf,
    holdings: new Map(Object.entries(holdings)),
    mainHotkeys: new Map(Object.entries(main)),
    dancing: { bonus: 0.1, mainShare: 0.8 },
    ...more,
  });
}

const sharesOf = (...args: Parameters<typeof score>) =>
  Object.fromEntries(score(...args).classes[0]!.coldkeys.get('c')?.shares ?? []);

describe("a coldkey's earnings of 100", () => {
  const jobs = [job(gpu, 'a', 40), job(gpu, 'b', 60)];

  it.each<[string, MainHotkeys | undefined, string[], Record<string, number>]>([
    [
      'with another main hotkey than before: 110, four fifths for it',
      { current: 'a', previous: 'b' },
      ['a', 'b', 'd'],
      { a: 88.00000000000001, b: 11, d: 11 },
    ],
    [
      'with the same main hotkey as before',
      { current: 'a', previous: 'a' },
      ['a', 'b', 'd'],
      { a: 80, b: 10, d: 10 },
    ],
    ['with none before: no bonus', { current: 'b', previous: null }, ['a', 'b'], { a: 20, b: 80 }],
    ['with a sole hotkey', { current: 'a', previous: 'b' }, ['a'], { a: 110.00000000000001 }],
    ['with no main hotkey', undefined, ['a', 'b'], { a: 50, b: 50 }],
    ['with none now: no bonus', { current: null, previous: 'a' }, ['a', 'b'], { a: 50, b: 50 }],
    [
      'with a main hotkey that is not one of its own: the bonus, equally',
      { current: 'x', previous: 'a' },
      ['a', 'b'],
      { a: 55.00000000000001, b: 55.00000000000001 },
    ],
  ])('%s', (_name, main, hotkeys, expected) => {
    const coldkeyOf = new Map([
      ['a', 'c'],
      ['b', 'c'],
    ]);
    expect(sharesOf(jobs, main ? { c: main } : {}, { c: hotkeys }, { coldkeyOf })).toEqual(expected);
  });
});

describe('bonus and share of the main hotkey are settings, and in ComputeHorde have no effect', () => {
  it('a bonus of a half, and nine tenths for the main hotkey', () => {
    const main = { c: { current: 'a', previous: 'b' } };
    const dancing = { bonus: 0.5, mainShare: 0.9 };
    const shares = sharesOf([job(gpu, 'a', 100)], main, { c: ['a', 'b', 'd'] }, { dancing });
    expect(shares).toEqual({ a: 135, b: 7.5, d: 7.5 });
  });
});

describe('hotkeys that are not registered any more', () => {
  it('get no share of what their coldkey earned, where ComputeHorde gives them one that is lost', () => {
    const main = { c: { current: 'gone', previous: null } };
    const coldkeyOf = new Map([
      ['gone', 'c'],
      ['b', 'c'],
    ]);
    expect(sharesOf([job(gpu, 'gone', 10)], main, { c: ['b'] }, { coldkeyOf })).toEqual({ b: 10 });
  });

  it('keep what they earned where their coldkey has no other: it counts in the total of the class, and is lost', () => {
    const { byHotkey } = score([job(gpu, 'a', 75), job(gpu, 'gone', 25)]);
    expect(byHotkey.get('gone')).toBe(25);
    expect(score([job(gpu, 'gone', 25)], {}, {}, { coldkeyOf: new Map([['gone', 'c']]) }).byHotkey).toEqual(
      new Map([['gone', 100]]),
    );
  });
});

it('classes count by their weights, and one without a weight not at all', () => {
  const { byHotkey } = score(
    [job(gpu, 'a', 3), job(gpu, 'b', 1), job(llm, 'b', 7), job('always_on.test', 'd', 1_000)],
    {},
    { x: ['a'], y: ['b'], z: ['d'] },
    {
      classWeights: new Map([
        [gpu, 98],
        [llm, 1],
      ] as const),
    },
  );
  expect(Object.fromEntries(byHotkey)).toEqual({ a: 73.5, b: 25.5, d: 0 });
});

it('a class in which nobody earned anything gives nothing', () => {
  expect(score([job(gpu, 'a', 0)]).byHotkey).toEqual(new Map());
});

it('a coldkey that is itself a hotkey with a score keeps all, and is not asked for its main hotkey', () => {
  const jobs = [job(gpu, 'c', 5), job(gpu, 'a', 1)];
  const coldkeyOf = new Map([
    ['c', 'c'],
    ['a', 'c'],
  ]);
  expect(coldkeysThatDance(addUp(jobs), coldkeyOf)).toEqual([]);
  expect(sharesOf(jobs, {}, { c: ['c', 'a'] }, { coldkeyOf })).toEqual({ c: 6 });
});

it('the order of the jobs changes nothing, to the last bit', () => {
  const jobs = Array.from({ length: 300 }, (_, i) =>
    job(i % 3 ? gpu : llm, `h${(i * 37) % 41}`, (i * 7919) % 613),
  );
  const holdings: Record<string, string[]> = {};
  for (let i = 0; i < 41; i++) (holdings[`c${i % 7}`] ??= []).push(`h${i}`);
  const main = Object.fromEntries(
    Array.from({ length: 7 }, (_, i) => [
      `c${i}`,
      { current: `h${i + 7}`, previous: i % 2 ? `h${i}` : null },
    ]),
  );
  const weights = {
    classWeights: new Map([
      [gpu, 97],
      [llm, 3],
    ] as const),
  };
  const one = score(jobs, main, holdings, weights).byHotkey;
  const other = score(jobs.toReversed(), main, holdings, weights).byHotkey;
  expect([...other]).toEqual([...one]);
});
