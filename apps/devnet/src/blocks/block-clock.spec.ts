import { beforeEach, describe, expect, it } from 'vitest';
import { BlockClock, newClock, type ClockChange, type ClockState } from './block-clock.ts';

const genesis = '2026-01-01T00:00:00.000Z';
const at = Date.parse(genesis);

let now: number;
let state: ClockState;
let clock: BlockClock;

const clockOf = (chain = genesis) =>
  new BlockClock(
    chain,
    () => state,
    () => now,
  );
beforeEach(() => {
  now = at;
  state = newClock(at, 12_000);
  clock = clockOf();
});

function change({ keep, segments, until, shift }: ClockChange): void {
  state.segments.splice(keep, Infinity, ...segments);
  Object.assign(state, { until, shift });
}
const reached = () => clock.latest().number;
const times = (...blocks: number[]) => blocks.map((block) => clock.time(block) - at);

it.each([
  [0, 0],
  [11_999, 0],
  [12_000, 1],
  [3_600_000, 300],
])('after %i ms the newest block is %i', (passed, number) => {
  now += passed;
  expect(reached()).toBe(number);
});

it('a hash is 32 bytes, of its chain and its block alone', () => {
  const { hash } = clock.latest();
  expect(hash).toMatch(/^0x[0-9a-f]{64}$/);
  now += 12_000;
  expect(clock.at(0)).toEqual({ number: 0, hash });
  expect(clock.latest().hash).not.toBe(hash);
  expect(clockOf('2026-01-01T00:00:00.001Z').at(0)!.hash).not.toBe(hash);
});

it('a machine whose clock is set back gets no older block', () => {
  now += 24_000;
  expect(reached()).toBe(2);
  now -= 1_000_000;
  expect(reached()).toBe(2);
});

it('a block that is still to come is not there', () => {
  now += 12_000;
  expect(clock.at(2)).toBeNull();
});

it('another pace counts from now on, and leaves the times of older blocks', () => {
  now += 25_000;
  change(clock.paced(1_000, 0));
  expect(reached()).toBe(2);
  now += 3_000;
  expect(reached()).toBe(5);
  expect(times(1, 2, 3, 5)).toEqual([12_000, 24_000, 26_000, 28_000]);
});

describe('blocks that vary', () => {
  beforeEach(() => change(clock.paced(12_000, 0.9)));

  it('come one after the other, and no two are equally long', () => {
    const made = times(...Array.from({ length: 200 }, (_, block) => block + 1));
    const durations = made.slice(1).map((time, i) => time - made[i]!);
    expect(Math.min(...durations)).toBeGreaterThan(0);
    expect(Math.max(...durations)).toBeLessThan(12_000 * 1.9);
    expect(new Set(durations).size).toBeGreaterThan(190);
  });

  it('are there from their time on, and not before', () => {
    for (let block = 1; block < 50; block++) {
      now = clock.time(block) - 1;
      expect(reached()).toBe(block - 1);
      now++;
      expect(reached()).toBe(block);
    }
  });
});

describe('blocks by command', () => {
  it('put the clock of the chain forward, and then it goes on as before', () => {
    now += 1_000;
    change(clock.advanced([12_000, 12_000, 12_000]));
    expect(reached()).toBe(3);
    expect(times(1, 2, 3)).toEqual([12_000, 24_000, 36_000]);
    now += 11_999;
    expect(reached()).toBe(3);
    now++;
    expect(reached()).toBe(4);
  });

  it('that fit into the time that has passed leave the clock as it is', () => {
    now += 11_000;
    change(clock.advanced([1_000, 2_000]));
    expect([reached(), state.shift]).toEqual([2, 0]);
    expect(times(1, 2, 3)).toEqual([1_000, 3_000, 23_000]);
  });

  it('are as long as they are told to be', () => {
    change(clock.advanced([12_000, 500, 500, 24_000]));
    expect(times(1, 2, 3, 4)).toEqual([12_000, 12_500, 13_000, 37_000]);
    expect(reached()).toBe(4);
  });

  it('are the only ones while there is no pace', () => {
    change(clock.paced(null, 0));
    now += 3_600_000;
    expect([reached(), clock.pace.blockTime]).toEqual([0, null]);
    change(clock.advanced([12_000]));
    change(clock.advanced([12_000]));
    now += 3_600_000;
    expect(reached()).toBe(2);
    expect(times(1, 2)).toEqual([12_000, 24_000]);
    change(clock.paced(1_000, 0));
    now += 2_000;
    expect(reached()).toBe(4);
  });

  it('of equal length are one entry, however many commands made them', () => {
    change(clock.paced(null, 0));
    for (let i = 0; i < 2_000; i++) change(clock.advanced([12_000]));
    expect([state.segments.length, reached()]).toEqual([1, 2_000]);
  });
});

it('a reorganisation gives the newest blocks other hashes, each its own, and leaves the others', () => {
  now += 60_000;
  const before = [1, 2, 3, 4, 5].map((block) => clock.at(block)!.hash);
  state.forks.push({ block: 4, salt: 'one' });
  const after = [1, 2, 3, 4, 5].map((block) => clock.at(block)!.hash);
  expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
  expect(new Set([...before, ...after]).size).toBe(7);
  state.forks.push({ block: 5, salt: 'two' });
  expect(clock.at(4)!.hash).toBe(after[3]);
  expect(clock.at(5)!.hash).not.toBe(after[4]);
});
