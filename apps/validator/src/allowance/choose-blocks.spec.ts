import { describe, expect, it } from 'vitest';
import { chooseBlocks, firstBlocks } from './choose-blocks.ts';
import { OwnBlocks } from './own-blocks.ts';
import { accountState, BookedRuns } from './search.ts';
import { blocksOf, offerOf } from './testing/chain-of.ts';

const shares = { v1: 0.3 };
const range = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);
const chain = blocksOf(Array<number>(1_000).fill(12_000), shares);
const own = new OwnBlocks(chain, 'v1', 1_000);
const two = offerOf({ block: 0, count: 2 });
const none = () => false;

describe('the worked example', () => {
  it('has a pool of some 5,205 executor-seconds', () => {
    expect(own.total(two)).toBeCloseTo(722 * 7.2, 6);
  });

  it('takes the 92 oldest blocks for 660 executor-seconds', () => {
    expect(chooseBlocks(own, two, none, 660)).toEqual(range(278, 92));
  });
});

describe('the blocks for a job', () => {
  it('are none that another job has', () => {
    const booked = new Set(range(280, 10));
    expect(chooseBlocks(own, two, (block) => booked.has(block), 30)).toEqual([278, 279, 290, 291, 292]);
  });

  it('are none at all where they do not give enough', () => {
    expect(chooseBlocks(own, two, none, 5_199)).toBeNull();
    expect(chooseBlocks(own, two, (block) => block > 279, 20)).toBeNull();
  });

  it('give as much as the job costs where they give just that', () => {
    const whole = new OwnBlocks(blocksOf([12_000, 12_000, 12_000], { v1: 0.5 }), 'v1', 3);
    expect(chooseBlocks(whole, two, none, 36)).toEqual([0, 1, 2]);
  });

  it('are none from before a drop, and count what was offered at each', () => {
    const offer = offerOf(
      { block: 0, count: 4 },
      { block: 900, count: 1, isDrop: true },
      { block: 902, count: 2 },
    );
    expect(chooseBlocks(own, offer, none, 14)).toEqual([900, 901, 902]);
  });

  it('are none that are missing', () => {
    const gap = new OwnBlocks(blocksOf(range(0, 9).fill(12_000), shares, { first: 991 }), 'v1', 1_000);
    expect(chooseBlocks(gap, two, none, 14.3)).toEqual([991, 992]);
  });

  it('that was cancelled are the first of them', () => {
    expect(firstBlocks(own, two, range(278, 92), 15)).toEqual([278, 279, 280]);
    expect(firstBlocks(own, two, range(278, 92), 0)).toEqual([]);
    expect(firstBlocks(own, two, range(278, 2), 500)).toEqual([278, 279]);
  });
});

describe('what is left of an account', () => {
  const booked = new BookedRuns();
  booked.add([100, 278], true);
  booked.add([279], false);

  it('is what is not booked, and what may yet come back', () => {
    const state = accountState('m', own, two, booked);
    expect(state.available).toBeCloseTo(5198.4 - 14.4, 6);
    expect(state.unspent).toBeCloseTo(5198.4 - 7.2, 6);
  });

  it('counts what was offered block by block', () => {
    const offer = offerOf(
      { block: 0, count: 1 },
      { block: 500, count: 3 },
      { block: 800, count: 0, isDrop: true },
    );
    expect(accountState('m', own, offer, new BookedRuns()).available).toBe(0);
    const grown = offerOf({ block: 0, count: 1 }, { block: 500, count: 3 });
    expect(accountState('m', own, grown, new BookedRuns()).available).toBeCloseTo((222 + 3 * 500) * 3.6, 6);
  });
});
