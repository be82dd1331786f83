import { describe, expect, it } from 'vitest';
import { timelineOf, type StatusEntry, type WaitEntry } from './timeline-rules.ts';

const limits = {
  download_time_limit: 10,
  execution_time_limit: 20,
  upload_time_limit: 30,
  streaming_start_time_limit: 5,
};
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`;
const status = (name: StatusEntry['status'], second: number): StatusEntry => ({
  status: name,
  at: at(second),
});
const wait = (waits_for: string | null, since: number, noted = since): WaitEntry => ({
  waits_for,
  since: at(since),
  at: at(noted),
});
const spans = (statuses: StatusEntry[], waits: WaitEntry[] = []) =>
  timelineOf(statuses, waits, limits).map(({ kind, label, from, until, limit }) => [
    kind,
    label,
    from,
    until,
    limit,
  ]);

describe('a job’s timeline', () => {
  it('has a span for each status, open at its end, with what it may take', () => {
    expect(spans([status('sent', 0), status('executor_ready', 4), status('volumes_ready', 9)])).toEqual([
      ['status', 'Sent', at(0), at(4), null],
      ['status', 'Executor Ready', at(4), at(9), 10],
      ['status', 'Volumes Ready', at(9), null, 25],
    ]);
  });

  it('says of what is over what happened, of what goes on what it waits for, and of an end why', () => {
    const sentences = (...statuses: StatusEntry[]) =>
      timelineOf(statuses, [], limits).map(({ sentence }) => sentence);
    expect(sentences(status('sent', 0), status('received', 1))).toEqual([
      'The facilitator has stored the job.',
      'The validator has checked the signature; it waits until a miner accepts.',
    ]);
    const end = (why: string | null) => sentences({ ...status('failed', 2), why });
    expect([end('No space left.'), end(null)]).toEqual([['No space left.'], ['It failed.']]);
  });

  it('ends with the job', () => {
    expect(spans([status('sent', 0), status('rejected', 3)]).at(-1)).toEqual([
      'status',
      'Rejected',
      at(3),
      at(3),
      null,
    ]);
  });

  it('has a wait until the next one, its end, or the next status', () => {
    const statuses = [status('received', 0), status('accepted', 9)];
    const waits = [wait('busy', 1), wait('reserved', 3, 4), wait(null, 5), wait('busy', 6)];
    expect(spans(statuses, waits).filter(([kind]) => kind === 'wait')).toEqual([
      ['wait', 'Waits', at(1), at(4), null],
      ['wait', 'Waits', at(3), at(5), null],
      ['wait', 'Waits', at(6), at(9), null],
    ]);
    expect(spans([status('received', 0)], [wait('busy', 1)]).at(-1)).toEqual([
      'wait',
      'Waits',
      at(1),
      null,
      null,
    ]);
  });
});
