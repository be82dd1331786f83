import { expect, it } from 'vitest';
import { BlockClock, changeBlockTime, type ClockStart } from './block-clock.ts';

const genesis = '2026-01-01T00:00:00.000Z';
const at = Date.parse(genesis);
const start: ClockStart = { block: 0, at, blockTime: 12_000 };
const clockAt = (now: number, from = start) => new BlockClock(genesis, from, () => now);

it.each([
  [0, 0],
  [11_999, 0],
  [12_000, 1],
  [3_600_000, 300],
])('after %i ms the newest block is %i', (passed, number) => {
  expect(clockAt(at + passed).latest().number).toBe(number);
});

it('a hash is 32 bytes, of its chain and its block alone', () => {
  const hash = clockAt(at).latest().hash;
  expect(hash).toMatch(/^0x[0-9a-f]{64}$/);
  expect(clockAt(at + 99_000).at(0)).toEqual({ number: 0, hash });
  expect(clockAt(at + 12_000).latest().hash).not.toBe(hash);
  expect(new BlockClock('2026-01-01T00:00:00.001Z', start, () => at).latest().hash).not.toBe(hash);
});

it('a machine whose clock is set back gets no older block', () => {
  let now = at + 24_000;
  const clock = new BlockClock(genesis, start, () => now);
  expect(clock.latest().number).toBe(2);
  now = at - 1_000_000;
  expect(clock.latest().number).toBe(2);
});

it('a block that is still to come is not there', () => {
  expect(clockAt(at + 12_000).at(2)).toBeNull();
});

it('a block was made at its time', () => {
  expect(clockAt(at).time(3)).toBe(at + 36_000);
});

it('another time between blocks counts from the block that was reached', () => {
  const changed = changeBlockTime(start, 1_000, at + 25_000);
  expect(clockAt(at + 25_000, changed).latest().number).toBe(2);
  expect(clockAt(at + 28_000, changed).latest().number).toBe(5);
  expect(changeBlockTime(start, 12_000, at + 25_000)).toBe(start);
});
