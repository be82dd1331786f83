import { make, NewJob, StreamingDetails } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { acceptedReceiptTtl, deadlineAfter, jobPath, scoreOf, stepsTo } from './stages.ts';

const limits = { reservation: 7, startup: 5, leeway: 5 };
const job = (fields: Partial<NewJob> = {}) =>
  make(NewJob, {
    executor_class: 'always_on.llm.a6000',
    download_time_limit: 60,
    execution_time_limit: 120,
    upload_time_limit: 30,
    streaming_start_time_limit: 10,
    ...fields,
  });

describe('the deadlines of a job', () => {
  it('carry the time that a stage leaves unused over to the next, from the moment the executor is ready', () => {
    const at = (seconds: number) => seconds * 1000;
    expect(deadlineAfter('received', job(), limits, null, at(100))).toBe(at(107));
    expect(deadlineAfter('accepted', job(), limits, at(107), at(101))).toBe(at(101 + 30 + 5));
    expect(deadlineAfter('executor_ready', job(), limits, at(136), at(110))).toBe(at(110 + 5 + 60));
    expect(deadlineAfter('volumes_ready', job(), limits, at(175), at(111))).toBe(at(175 + 120));
    expect(deadlineAfter('execution_done', job(), limits, at(295), at(112))).toBe(at(295 + 30));
  });

  it('give a streaming job its time to start listening before its time to run', () => {
    const streaming = job({ streaming_details: make(StreamingDetails, { public_key: 'PEM' }) });
    expect(deadlineAfter('volumes_ready', streaming, limits, 1_000, 0)).toBe(11_000);
    expect(deadlineAfter('streaming_ready', streaming, limits, 11_000, 0)).toBe(131_000);
  });

  it('last as long as the job asks for: the fault that one of more than 600 s had failed and completed afterwards', () => {
    const long = job({ execution_time_limit: 3_000 });
    expect(deadlineAfter('volumes_ready', long, limits, 175_000, 111_000)).toBe(175_000 + 3_000_000);
    expect(acceptedReceiptTtl(long, limits)).toBe(30 + 5 + 5 + 60 + 3_000 + 30 + 10);
  });

  it('take a negative limit as none, and an endless one as 30 days', () => {
    expect(deadlineAfter('volumes_ready', job({ execution_time_limit: -5 }), limits, 1_000, 0)).toBe(1_000);
    const endless = deadlineAfter(
      'volumes_ready',
      job({ execution_time_limit: Number.MAX_SAFE_INTEGER }),
      limits,
      0,
      0,
    );
    expect(endless).toBe(30 * 86_400_000);
    expect(acceptedReceiptTtl(job({ execution_time_limit: Number.MAX_SAFE_INTEGER }), limits)).toBe(
      2_592_000,
    );
  });
});

describe('a report of the miner', () => {
  it('takes the job to the next stage', () => {
    const path = jobPath(true);
    for (const [index, status] of path.slice(0, -1).entries()) {
      expect(stepsTo(status, path[index + 1]!, true)).toEqual([path[index + 1]]);
    }
  });

  it('that comes twice, or late, changes nothing', () => {
    expect(stepsTo('accepted', 'accepted', false)).toEqual([]);
    expect(stepsTo('execution_done', 'volumes_ready', false)).toEqual([]);
    expect(stepsTo('failed', 'completed', false)).toEqual([]);
  });

  it('of a later stage stands for those before it, but for a streaming address that it does not tell', () => {
    expect(stepsTo('received', 'executor_ready', false)).toEqual(['accepted', 'executor_ready']);
    expect(stepsTo('executor_ready', 'completed', true)).toEqual([
      'volumes_ready',
      'execution_done',
      'completed',
    ]);
  });

  it('of what cannot be, because the job has not been sent yet, changes nothing', () => {
    expect(stepsTo('accepted', 'completed', false)).toEqual([]);
    expect(stepsTo('received', 'volumes_ready', false)).toEqual([]);
  });

  it('of streaming, for a job that does not stream, changes nothing', () => {
    expect(stepsTo('volumes_ready', 'streaming_ready', false)).toEqual([]);
  });
});

describe('what a job is worth', () => {
  it('is the executor-seconds reserved for it, streaming excluded, with six decimals', () => {
    expect(scoreOf(job())).toBe('210.000000');
    expect(scoreOf(job({ download_time_limit: -60 }))).toBe('150.000000');
  });

  it('is promised for as long as the job may take', () => {
    expect(acceptedReceiptTtl(job(), limits)).toBe(30 + 5 + 5 + 60 + 120 + 30 + 10);
  });
});
