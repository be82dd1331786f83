import { describe, expect, it } from 'vitest';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { nextAsk, resting } from './asking-again.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const attempt = (fields: Partial<Attempt>) =>
  ({ miner_hotkey: 'm', outcome: 'declined', reason: 'busy', ended_at: at(0), ...fields }) as Attempt;
const busy = (...ends: number[]) => ends.map((seconds) => attempt({ ended_at: at(seconds) }));

describe('a miner that was asked', () => {
  it.each([
    ['once', busy(0), 1],
    ['twice', busy(0, 1), 3],
    ['three times', busy(0, 1, 3), 7],
    ['four times', busy(0, 1, 3, 7), 11],
  ])('and said %s that it is busy may be asked again after 1, 2, 4 and 4 s', (_times, attempts, next) => {
    expect(nextAsk(attempts, attempts.at(-1)!.ended_at!)).toEqual(at(next));
    expect([...resting(attempts, at(next - 1))]).toEqual(['m']);
    expect([...resting(attempts, at(next))]).toEqual([]);
    expect(nextAsk(attempts, at(next))).toBeNull();
  });

  it.each([
    ['declined for another reason', { reason: 'validator_blacklisted' }],
    ['did not let us in', { outcome: 'refused' as const }],
    ['did not answer', { outcome: 'timed_out' as const }],
    ['is being asked', { outcome: null, ended_at: null }],
  ])('and %s is not asked again', (_how, fields) => {
    const attempts = [attempt(fields)];
    expect([...resting(attempts, at(1_000))]).toEqual(['m']);
    expect(nextAsk(attempts, at(0))).toBeNull();
  });

  it('and was not there is asked again', () => {
    expect(nextAsk([attempt({ outcome: 'unreachable', reason: 'miner_connection_failed' })], at(0))).toEqual(
      at(1),
    );
  });

  it('rests for itself alone', () => {
    const attempts = [attempt({ miner_hotkey: 'a' }), attempt({ miner_hotkey: 'b', ended_at: at(2) })];
    expect([...resting(attempts, at(2))]).toEqual(['b']);
    expect(nextAsk(attempts, at(2))).toEqual(at(3));
  });
});
