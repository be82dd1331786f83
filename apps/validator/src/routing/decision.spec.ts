import { Keypair } from '@horde/identity';
import { describe, expect, it } from 'vitest';
import type { Candidate, Obstacle } from './candidate.ts';
import { readDecision, writeDecision } from './decision.ts';

const candidate = (
  hotkey: string,
  obstacle: Obstacle | null,
  fields: Partial<Candidate> = {},
): Candidate => ({
  hotkey,
  ip: '192.0.2.1',
  port: 8000,
  offered: 2,
  busy: 1,
  elsewhere: 0,
  incidents: 0,
  allowance: 7.2,
  reliability: 0,
  chance: 0.25,
  obstacle,
  ...fields,
});

describe('a stored decision', () => {
  it('has the chosen miner first, then those that were in its way, each with its numbers', () => {
    const text = writeDecision(
      'b was chosen.',
      [
        candidate('c', null, { chance: 0.123456 }),
        candidate('a', 'busy', { busy: 2, reliability: -1 / 3 }),
        candidate('b', null),
      ],
      'b',
    );
    expect(readDecision(text)).toEqual({
      says: 'b was chosen.',
      candidates: [
        { hotkey: 'b', reliability: 0, chance: 0.25, offered: 2, busy: 1, allowance: 7, result: 'chosen' },
        { hotkey: 'a', reliability: -0.33, chance: 0.25, offered: 2, busy: 2, allowance: 7, result: 'busy' },
        {
          hotkey: 'c',
          reliability: 0,
          chance: 0.123,
          offered: 2,
          busy: 1,
          allowance: 7,
          result: 'not tried',
        },
      ],
      others: {},
    });
  });
});

describe('the fault that an event of a choice held all manifests and scores', () => {
  it('a decision among 256 miners takes less than 2 kB, and counts those that it leaves out', () => {
    const hotkeys = Array.from({ length: 256 }, () => Keypair.generate().address);
    const candidates = hotkeys.map((hotkey, at) =>
      candidate(hotkey, at < 200 ? 'busy' : at < 255 ? null : 'blacklisted', {
        reliability: -at / 7,
        chance: 1 / (at + 3),
        allowance: 5_000 + at,
      }),
    );
    const text = writeDecision('é'.repeat(1_000), candidates, hotkeys[220]!);
    expect(Buffer.byteLength(text)).toBeLessThan(2_000);
    const { candidates: shown, others } = readDecision(text);
    expect(shown[0]).toMatchObject({ hotkey: hotkeys[220], result: 'chosen' });
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.length + Object.values(others).reduce((sum, count) => sum + count)).toBe(256);
  });
});
