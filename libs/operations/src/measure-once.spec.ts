import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { measureOnce } from './index.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

it('a measurement that takes longer than it stays fresh is not begun a second time', async () => {
  const ends: PromiseWithResolvers<void>[] = [];
  const ask = measureOnce(() => {
    ends.push(Promise.withResolvers());
    return ends.at(-1)!.promise;
  });
  const asked = [ask()];
  vi.advanceTimersByTime(10_000);
  asked.push(ask());
  expect(ends).toHaveLength(1);
  ends[0]!.resolve();
  await Promise.all(asked);
  vi.advanceTimersByTime(1_999);
  await ask();
  expect(ends).toHaveLength(1);
  vi.advanceTimersByTime(1);
  void ask();
  expect(ends).toHaveLength(2);
});

it('a measurement that fails is told to all who wait for it, and made again later', async () => {
  let fails = true;
  const ask = measureOnce(async () => {
    if (fails) throw new Error('no');
  });
  const all = [ask(), ask()];
  for (const one of all) await expect(one).rejects.toThrow('no');
  fails = false;
  vi.advanceTimersByTime(2_000);
  await ask();
});
