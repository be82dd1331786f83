import { describe, expect, it } from 'vitest';
import { Judge, type Limits, type Seen } from './watch-service.ts';

const limits: Limits = { image: 'new', mustBeReady: true, ready: 900_000, watch: 120_000 };
const app = (changed: Partial<Seen> = {}): Seen => ({
  id: 'one',
  image: 'new',
  isRunning: true,
  restarts: 0,
  exitCode: 0,
  health: 'healthy',
  said: '{"checks":{"database":"ok","peer":"No peer answers."}}',
  ...changed,
});
const runner = app({ id: 'runner', health: undefined });

/** What is said after looking once a minute. */
function judged(looks: (Seen | null)[], changed: Partial<Limits> = {}, beside: Seen | null = runner) {
  const judge = new Judge({ ...limits, ...changed }, 0);
  let last: ReturnType<Judge['look']> = null;
  for (const [minute, look] of looks.entries()) {
    expect(last).toBeNull();
    last = judge.look(look, beside, minute * 60_000);
  }
  return last === null || last === 'kept' ? last : last.why;
}
const waiting = Array<Seen>(15).fill(app({ health: 'starting' }));

describe('a service that was switched', () => {
  it.each<[what: string, looks: (Seen | null)[], changed: Partial<Limits>, says: 'kept' | null | RegExp]>([
    ['gets ready, and stays so', [null, app({ health: 'starting' }), app(), app(), app()], {}, 'kept'],
    [
      'is still of the release before, and then ready',
      [app({ image: 'old' }), app(), app(), app()],
      {},
      'kept',
    ],
    ['is ready, and watched on', [app(), app()], {}, null],
    [
      'never gets ready',
      [...waiting, app({ health: 'unhealthy' })],
      {},
      /did not get ready within 900 s. No peer answers./,
    ],
    ['is never started', [...Array<null>(15).fill(null), null], {}, /was not started within 900 s/],
    [
      'stays that of the release before',
      [...waiting.map((one) => ({ ...one, image: 'old' })), app({ image: 'old' })],
      {},
      /was not started/,
    ],
    [
      'ends again and again before it is ready',
      [app({ health: 'starting', restarts: 1 }), app({ isRunning: false, restarts: 3, exitCode: 7 })],
      {},
      /again and again, with the exit code 7/,
    ],
    [
      'ends once before it is ready',
      [
        app({ isRunning: false, restarts: 1 }),
        app({ restarts: 1 }),
        app({ restarts: 1 }),
        app({ restarts: 1 }),
      ],
      {},
      'kept',
    ],
    ['ends after it was ready', [app(), app({ restarts: 1, exitCode: 1 })], {}, /ended after it was ready\./],
    ['has just ended after it was ready', [app(), app({ isRunning: false, exitCode: 9 })], {}, /exit code 9/],
    ['is not ready any more', [app(), app({ health: 'unhealthy' })], {}, /not any more. No peer answers./],
    [
      'is made anew by somebody else meanwhile',
      [app(), app({ id: 'two' }), app({ id: 'two' }), app({ id: 'two' })],
      {},
      'kept',
    ],
    [
      'was not ready before either, and runs',
      [app({ health: 'unhealthy' }), app({ health: 'unhealthy' }), app({ health: 'unhealthy' })],
      { mustBeReady: false },
      'kept',
    ],
    [
      'was not ready before either, and ends',
      [app({ health: 'starting' }), app({ restarts: 1 })],
      { mustBeReady: false },
      /ended/,
    ],
  ])('%s', (_what, looks, changed, says) => {
    const said = judged(looks, changed);
    if (says instanceof RegExp) expect(said).toMatch(says);
    else expect(said).toBe(says);
  });

  it('is not kept where its runner ends again and again', () => {
    expect(judged([app()], {}, { ...runner, restarts: 3, exitCode: 2 })).toMatch(
      'The runner ends again and again',
    );
  });
});
