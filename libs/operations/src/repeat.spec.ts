import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { repeat, sparingly } from './index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('work that takes longer than its interval is not begun a second time', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  const stop = repeat(
    () => (begun++, promise),
    100,
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(1_000);
  expect(begun).toBe(1);
  resolve();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toBe(2);
  stop();
});

it('work that fails is done again, and not after the end', async () => {
  const errors: unknown[] = [];
  const stop = repeat(
    () => Promise.reject(new Error('no')),
    100,
    (error) => errors.push(error),
  );
  await vi.advanceTimersByTimeAsync(300);
  expect(errors).toHaveLength(3);
  stop();
  await vi.advanceTimersByTimeAsync(300);
  expect(errors).toHaveLength(3);
});

it('work that has little to do is done once in so many turns, and at each again when there is more', async () => {
  let [done, isIdle] = [0, false];
  const work = sparingly(
    3,
    () => isIdle,
    async () => done++,
  );
  const counts: number[] = [];
  for (const next of [false, true, true, true, true, false, false]) {
    isIdle = next;
    await work();
    counts.push(done);
  }
  expect(counts).toEqual([1, 1, 1, 2, 2, 3, 4]);
});
