import { describe, expect, it } from 'vitest';
import { timing } from '@horde/testing/miner-executor/requests';
import { stageLimits } from './stages.ts';

const times = {
  allowed_leeway: 5,
  download_time_limit: 60,
  execution_time_limit: 120,
  upload_time_limit: 30,
  streaming_start_time_limit: 10,
};

describe('the time limits of a job', () => {
  it('add up, so that a stage leaves its unused time to the next', () => {
    const limits = stageLimits({
      executor_timing: timing({ ...times, allowed_leeway: 0 }),
      timeout_seconds: 300,
      streaming_details: null,
    });
    expect(limits).toMatchObject({ volume_download: 60, execution: 180, result_upload: 210 });
  });

  it('end a little before those of the validator, which counts the same', () => {
    const limits = stageLimits({
      executor_timing: timing(times),
      timeout_seconds: null,
      streaming_details: null,
    });
    expect(limits).toMatchObject({ volume_download: 64, execution: 184, result_upload: 214 });
    const short = timing({ ...times, allowed_leeway: 1 });
    expect(
      stageLimits({ executor_timing: short, timeout_seconds: null, streaming_details: null })
        ?.volume_download,
    ).toBeCloseTo(60.8);
  });

  it('give the container its own limit, and a second to start in', () => {
    const rules = { executor_timing: timing(times), timeout_seconds: null, streaming_details: null };
    expect(stageLimits(rules)?.container).toBe(121);
  });

  it('give a streaming job the time to start its stream', () => {
    const limits = stageLimits({
      executor_timing: timing(times),
      timeout_seconds: null,
      streaming_details: {},
    });
    expect(limits).toEqual({
      volume_download: 64,
      streaming_startup: 74,
      execution: 194,
      result_upload: 224,
      container: 131,
    });
  });

  it('are one limit for everything where the validator sends no timing', () => {
    const limits = stageLimits({ executor_timing: null, timeout_seconds: 300, streaming_details: null });
    expect(limits).toEqual({
      volume_download: 300,
      streaming_startup: 300,
      execution: 300,
      result_upload: 300,
      container: 300,
    });
  });

  it('do not exist when the request has neither', () => {
    expect(stageLimits({ executor_timing: null, timeout_seconds: null, streaming_details: null })).toBeNull();
  });
});
