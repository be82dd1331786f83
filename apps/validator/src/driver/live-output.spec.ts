import { JobOutput, make } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { LiveOutput } from './live-output.ts';

const piece = (offset: number, text: string) =>
  make(JobOutput, { job_uuid: 'job', stream: 'stdout', offset, text });

describe("a job's live output", () => {
  it('is kept in order, gaps and all, and what comes twice only once', () => {
    const output = new LiveOutput();
    for (const one of [piece(0, 'a'), piece(1, 'b'), piece(1, 'b'), piece(0, 'a'), piece(9, 'c')])
      output.take(one);
    expect(output.tail('job', 'stdout')).toEqual([
      { offset: 0, text: 'a' },
      { offset: 1, text: 'b' },
      { offset: 9, text: 'c' },
    ]);
    expect(output.tail('job', 'stderr')).toEqual([]);
  });

  it('is bounded, however much a job prints and in whatever pieces', () => {
    const output = new LiveOutput();
    for (let offset = 0; offset < 1_000_000; offset += 1_000) output.take(piece(offset, 'x'.repeat(1_000)));
    output.take(piece(1_000_000, 'é'.repeat(40_000)));
    const [last] = output.tail('job', 'stdout');
    expect(output.tail('job', 'stdout')).toHaveLength(1);
    expect(last).toEqual({ offset: 1_000_000 + 2 * (40_000 - 32 * 1024), text: 'é'.repeat(32 * 1024) });
  });

  it('goes with the job', () => {
    const output = new LiveOutput();
    output.take(piece(0, 'a'));
    output.forget('job');
    expect(output.tail('job', 'stdout')).toEqual([]);
  });
});
