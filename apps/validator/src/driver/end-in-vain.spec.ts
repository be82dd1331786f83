import { errors } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { declined } from '../jobs/outcome.ts';
import type { NoMiner, PassedOver } from '../routing/choice.ts';
import { endInVain } from './end-in-vain.ts';

const others = (count: number): PassedOver[] =>
  Array.from({ length: count }, (_, at) => ({ hotkey: `m${at}`, why: 'its executor is busy' }));
const busy = (count: number): NoMiner => ({
  is: 'wait',
  error: errors.ALL_MINERS_BUSY('always_on.test', count, count),
  candidates: others(count),
});
const attempt = (miner_hotkey: string, message: string): Attempt =>
  ({ miner_hotkey, outcome: 'declined', reason: 'busy', message }) as Attempt;
const rejection = (...given: Parameters<typeof endInVain>) =>
  endInVain(...given).metadata!.job_rejection_details!;

describe('a job that no miner has taken', () => {
  it('is rejected by the validator with how many there are, and why each of twenty at most could not', () => {
    const { rejected_by, reason, message, context } = rejection([], busy(256));
    expect({ rejected_by, reason }).toEqual({ rejected_by: 'validator', reason: 'no_miner_for_job' });
    expect(message).toContain('256');
    expect(context!.get('asked')).toBe(0);
    expect(context!.get('candidates')).toHaveLength(20);
  });

  it('is rejected by the miner, for its reason, where one was asked, however often', () => {
    const attempts = [attempt('a', 'Not yet.'), attempt('a', 'Still not.')];
    expect(rejection(attempts, null)).toMatchObject({
      rejected_by: 'miner',
      reason: 'busy',
      message: 'Still not.',
    });
    const last = declined({ reason: 'busy', message: 'With more.', context: new Map([['queue', 3]]) });
    expect(rejection(attempts, null, last).context!.get('queue')).toBe(3);
  });

  it('is rejected by the validator, with what each has said first, where several were asked', () => {
    const { rejected_by, message, context } = rejection(
      [attempt('a', 'Not me.'), attempt('b', 'Nor me.')],
      busy(30),
    );
    expect(rejected_by).toBe('validator');
    expect(message).toContain('None of the 2 miners that were asked took the job. The last one: Nor me.');
    expect(context!.get('asked')).toBe(2);
    const candidates = context!.get('candidates') as ReadonlyMap<string, string>[];
    expect(candidates).toHaveLength(20);
    expect(candidates.slice(0, 3).map((one) => one.get('why'))).toEqual([
      'Not me.',
      'Nor me.',
      'its executor is busy',
    ]);
  });
});
