import { expect, it } from 'vitest';
import { placed, type HeldSlot } from './executor-hosts.ts';

const host = (name: string, trouble: string | null = null) =>
  ({ name, executorClass: 'always_on.test', executors: 1, trouble }) as const;
const slot = (more: Partial<HeldSlot>): HeldSlot => ({
  executor_class: 'always_on.test',
  place: null,
  job: 'a-job',
  status: 'accepted',
  connected: true,
  ending: false,
  since: '2026-11-29T12:00:00Z',
  ...more,
});

it('each executor is shown at its host, and one that is nowhere yet behind them', () => {
  const rows = placed(
    [host('a'), host('b', 'b is out of reach.')],
    [slot({ place: 'b' }), slot({ job: null, status: null, connected: false })],
  );
  expect(rows).toMatchObject([
    { name: 'a', running: [] },
    { name: 'b', trouble: 'b is out of reach.', running: [{ state: 'working', status_label: 'Accepted' }] },
    { name: null, executors: 0, running: [{ state: 'starting', job: null, status_label: null }] },
  ]);
});

it('an executor of which nobody knows where it is stays with the only host of its class', () => {
  expect(placed([host('a')], [slot({ place: 'gone' }), slot({ ending: true })])).toMatchObject([
    { name: 'a', running: [{ state: 'working' }, { state: 'ending' }] },
  ]);
});

it('an executor of a class that no host has any more is shown all the same', () => {
  expect(placed([], [slot({ place: 'gone' })])).toMatchObject([{ name: null, running: [{ job: 'a-job' }] }]);
});
