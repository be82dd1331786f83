import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { repeat } from './index.ts';

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
