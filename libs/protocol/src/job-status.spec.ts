import { describe, expect, it } from 'vitest';
import { JobStatus } from './enums.ts';
import { isTerminal, jobStatuses, mayFollow, statusLabel, waitOf } from './job-status.ts';

describe('the statuses of a job', () => {
  it('are all in the table, but for the one that stands for words of newer peers', () => {
    expect([...Object.keys(jobStatuses), 'unknown'].sort()).toEqual([...JobStatus].sort());
    expect(statusLabel('unknown')).toBe('Unknown');
    expect(waitOf('unknown')).toBeNull();
  });

  it('wait for something, or have ended: four of them are ends', () => {
    const ends = JobStatus.filter(isTerminal);
    expect(ends).toEqual(['completed', 'rejected', 'failed', 'horde_failed']);
    for (const status of JobStatus.filter((one) => one !== 'unknown' && !isTerminal(one)))
      expect(waitOf(status)!.next).toMatch(/^[a-z]/);
  });

  it('follow each other forwards only, and nothing follows an end', () => {
    const path: JobStatus[] = [
      'sent',
      'received',
      'accepted',
      'executor_ready',
      'volumes_ready',
      'streaming_ready',
      'execution_done',
    ];
    path.forEach((from, i) => path.forEach((to, j) => expect(mayFollow(from, to)).toBe(j > i)));
    for (const end of JobStatus.filter(isTerminal)) {
      expect(path.every((from) => mayFollow(from, end))).toBe(true);
      expect(JobStatus.some((to) => mayFollow(end, to))).toBe(false);
    }
    expect(mayFollow('unknown', 'accepted')).toBe(true);
  });
});
