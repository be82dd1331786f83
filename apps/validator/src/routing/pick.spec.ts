import { describe, expect, it } from 'vitest';
import { pick, type Candidate } from './pick.ts';

const candidate = (hotkey: string, fields: Partial<Candidate> = {}): Candidate => ({
  hotkey,
  ip: '203.0.113.1',
  port: 8000,
  offered: 1,
  running: 0,
  freeSince: null,
  ...fields,
});
const first = () => 0;

describe('the miner for a job', () => {
  it('has an executor that none of our jobs is on', () => {
    const busy = candidate('busy', { running: 1 });
    const half = candidate('half', { offered: 2, running: 1, freeSince: 5 });
    expect(pick([busy, half], first)).toBe(half);
    expect(pick([busy], first)).toBeNull();
    expect(pick([], first)).toBeNull();
  });

  it('is the one that has been free longest', () => {
    const candidates = [
      candidate('a', { freeSince: 30 }),
      candidate('b', { freeSince: 10 }),
      candidate('c', { freeSince: 20 }),
    ];
    expect(pick(candidates, first)!.hotkey).toBe('b');
    expect(pick([...candidates, candidate('new')], first)!.hotkey).toBe('new');
  });

  it('is chosen by chance among equals', () => {
    const equals = ['a', 'b', 'c'].map((hotkey) => candidate(hotkey));
    expect([0, 0.5, 0.999].map((chance) => pick(equals, () => chance)!.hotkey)).toEqual(['a', 'b', 'c']);
  });
});
