import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('each failure doubles the pause, up to the longest, and a success ends it', () => {
  let now = 0;
  const backoff = new Backoff<string>({ first: 10, max: 30 }, () => now);
  expect(backoff.isOver('a')).toBe(true);
  for (const pause of [10, 20, 30, 30]) {
    backoff.failed('a');
    now += pause - 1;
    expect(backoff.isOver('a')).toBe(false);
    expect(backoff.isOver('b')).toBe(true);
    now += 1;
    expect(backoff.isOver('a')).toBe(true);
  }
  backoff.failed('a');
  backoff.succeeded('a');
  expect(backoff.isOver('a')).toBe(true);
  backoff.failed('a');
  backoff.failed('b');
  backoff.keepOnly(['b']);
  expect([backoff.isOver('a'), backoff.isOver('b')]).toEqual([true, false]);
});
