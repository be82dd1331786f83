import { expect, it, vi } from 'vitest';
import { LogThrottle } from './log-throttle.ts';

it('a line about a key is written once in an interval, and about no more than a thousand keys', () => {
  vi.useFakeTimers({ toFake: ['performance'], now: 0 });
  const throttle = new LogThrottle(60_000);
  expect([throttle.allows('a'), throttle.allows('a'), throttle.allows('b')]).toEqual([true, false, true]);
  vi.advanceTimersByTime(60_000);
  expect(throttle.allows('a')).toBe(true);
  const allowed = Array.from({ length: 2_000 }, (_, index) => throttle.allows(`key ${index}`));
  expect(allowed.filter(Boolean)).toHaveLength(999);
  vi.advanceTimersByTime(60_000);
  expect(throttle.allows('key 1999')).toBe(true);
  vi.useRealTimers();
});
