import { steadyNow } from '@horde/async';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from './with-deadline.ts';

const overrun = () => new Error('time is over');
const never = () => new Promise<never>(() => {});

describe('work that has to be over at a deadline', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is told at the deadline, and ends with the reason', async () => {
    const done = withDeadline(steadyNow() + 1_000, overrun, new AbortController().signal, async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('the connection was lost');
    });
    const failed = expect(done).rejects.toThrow('time is over');
    await vi.advanceTimersByTimeAsync(1_000);
    await failed;
  });

  it('that does not end when it is told to is not waited for without end', async () => {
    const stop = new AbortController();
    const done = withDeadline(steadyNow() + 1_000_000, overrun, stop.signal, never);
    const failed = expect(done).rejects.toThrow('cancelled');
    stop.abort(new Error('cancelled'));
    await vi.advanceTimersByTimeAsync(30_000);
    await failed;
  });

  it('keeps nothing waiting when it is done in time', async () => {
    await withDeadline(steadyNow() + 1_000, overrun, new AbortController().signal, async () => 'done');
    expect(vi.getTimerCount()).toBe(0);
  });
});
