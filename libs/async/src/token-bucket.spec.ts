import { describe, expect, it, vi } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('a bucket', () => {
  it('gives as many at once as it may hold, and says how long the next ones take', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const bucket = new TokenBucket(10, 2);
    expect([bucket.take(), bucket.take()]).toEqual([0, 0]);
    expect([bucket.take(), bucket.take()]).toEqual([100, 200]);
    vi.useRealTimers();
  });

  it('that is empty has one again when its time has come, and not before', async () => {
    const bucket = new TokenBucket(50, 1);
    expect(bucket.tryTake()).toBe(true);
    expect(bucket.tryTake()).toBe(false);
    const since = performance.now();
    await expect.poll(() => bucket.tryTake(), { interval: 1 }).toBe(true);
    expect(performance.now() - since).toBeGreaterThan(15);
  });
});
