import { ExecutorTiming, InitialJobRequest, make } from '@horde/protocol';
import { expect, it } from 'vitest';
import { connectLimit, hardLimit } from './limits.ts';

const timing = (download: number) =>
  make(ExecutorTiming, {
    allowed_leeway: 5,
    download_time_limit: download,
    execution_time_limit: 120,
    upload_time_limit: 30,
    streaming_start_time_limit: 2,
  });
const request = (changes: Partial<InitialJobRequest>) =>
  make(InitialJobRequest, { executor_class: 'always_on.test', ...changes });

it('an executor has its class’s spin-up time, the start-up limit and ten seconds to connect', () => {
  expect(connectLimit('always_on.test', 5)).toBe(3 + 5 + 10);
  expect(connectLimit('spin_up-4min.gpu-24gb', 5)).toBe(240 + 5 + 10);
});

it.each([
  ['all of its timing', { executor_timing: timing(60), timeout_seconds: 300 }, 5 + 60 + 120 + 30 + 2],
  ['its single time-out when it has no timing', { timeout_seconds: 300 }, 300],
  ['the most age of an executor when it has neither', {}, 1200],
  ['no less than nothing for a negative limit', { executor_timing: timing(-1_000_000) }, 5 + 120 + 30 + 2],
  [
    'no more than a year for a huge limit',
    { executor_timing: timing(Number.MAX_SAFE_INTEGER) },
    31_536_000 + 5 + 120 + 30 + 2,
  ],
])('a job is given %s, and a minute on top', (_what, changes, run) => {
  expect(hardLimit(request(changes), 5, 1_200)).toBe(18 + run + 60);
});
