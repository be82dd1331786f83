import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import {
  around,
  clampDelay,
  doublingPause,
  maxDelay,
  orAborted,
  pause,
  steadyNow,
  untilDone,
} from './index.ts';

describe('a wait that can be aborted', () => {
  it('ends with what is waited for, and leaves no listener', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(7), signal)).toBe(7);
    await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends with the reason of the signal, also of one that was aborted before', async () => {
    const stop = new AbortController();
    const wait = orAborted(new Promise(() => {}), stop.signal);
    stop.abort(new Error('stopped'));
    await expect(wait).rejects.toThrow('stopped');
    await expect(orAborted(new Promise(() => {}), stop.signal)).rejects.toThrow('stopped');
  });

  it('leaves no rejection unheard when the work fails after it was aborted', async () => {
    const work = Promise.withResolvers<void>();
    const wait = orAborted(work.promise, AbortSignal.abort(new Error('stopped')));
    work.reject(new Error('too late'));
    await expect(wait).rejects.toThrow('stopped');
  });
});

it('a delay is one that a timer takes', () => {
  expect([-1, 5, Infinity].map(clampDelay)).toEqual([0, 5, maxDelay]);
});

it('pauses double up to the longest', () => {
  const pauses = { first: 100, max: 1_000 };
  expect([1, 2, 3, 4, 5, 5_000].map((failures) => doublingPause(failures, pauses))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
});

it('a pause with chance lasts from half of it to one and a half', () => {
  const pauses = Array.from({ length: 1_000 }, () => around(100));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(50);
  expect(Math.max(...pauses)).toBeLessThan(150);
  expect(new Set(pauses).size).toBeGreaterThan(900);
});

it('a pause that is aborted ends with the reason of the signal', async () => {
  const stop = new AbortController();
  const pausing = pause(maxDelay, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(pausing).rejects.toThrow('stopped');
  await expect(pause(maxDelay, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  await pause(0);
});

it('the steady clock goes on evenly when the system’s is set', () => {
  const before = steadyNow();
  vi.useFakeTimers({ toFake: ['Date'], now: before + 3_600_000 });
  const after = steadyNow();
  vi.useRealTimers();
  expect(Number.isInteger(after)).toBe(true);
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after).toBeLessThan(before + 1_800_000);
});

describe('what is tried until it succeeds', () => {
  const pauses = { first: 1, max: 2 };

  it('is tried after each failure, which is told with the pause that follows', async () => {
    const told: unknown[] = [];
    const failures = ['a', 'b', 'c'];
    let tries = 0;
    const work = async () => {
      tries++;
      if (failures.length > 0) throw new Error(failures.shift());
    };
    await untilDone(
      work,
      pauses,
      (error, pause) => told.push([(error as Error).message, pause]),
      new AbortController().signal,
    );
    expect(tries).toBe(4);
    expect(told).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 2],
    ]);
  });

  it('is given up without an error when its signal is aborted, also in a pause', async () => {
    const stop = new AbortController();
    const failing = async () => {
      throw new Error('no');
    };
    await untilDone(failing, { first: maxDelay, max: maxDelay }, () => stop.abort(), stop.signal);
    await untilDone(failing, pauses, expect.fail, AbortSignal.abort());
  });
});
