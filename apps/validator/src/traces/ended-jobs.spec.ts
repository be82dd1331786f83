import { expect, it } from 'vitest';
import { spansOf } from './ended-jobs.ts';

const at = (seconds: number) => new Date(seconds * 1_000);
const job = {
  uuid: 'a',
  executor_class: 'always_on.test',
  signatory: null,
  received_at: at(0),
  ended_at: at(9),
} as const;
const miner = { miner_hotkey: 'm', reason: null } as const;

it('a second attempt, which its miner knows by another uuid, is a part of the job as the first is', () => {
  const first = {
    ...miner,
    number: 1,
    uuid: 'a',
    started_at: at(1),
    ended_at: at(2),
    outcome: 'declined',
  } as const;
  const second = {
    ...miner,
    number: 2,
    uuid: 'b',
    started_at: at(4),
    ended_at: at(9),
    outcome: 'completed',
  } as const;
  const spans = spansOf({ job: { ...job, status: 'completed' }, attempts: [first, second], events: [] });
  const seen = spans.map(({ job, place, parent, start, end, failure = null }) => ({
    is: `${job}/${place} of ${typeof parent === 'string' ? parent : `${parent?.job}/${parent?.place}`}`,
    seconds: `${start.getTime() / 1000} to ${end.getTime() / 1000}`,
    failure,
  }));
  expect(seen).toEqual([
    { is: 'a/validator of facilitator', seconds: '0 to 9', failure: null },
    { is: 'a/routing/1 of validator', seconds: '0 to 1', failure: null },
    { is: 'a/routing/2 of validator', seconds: '2 to 4', failure: null },
    { is: 'a/attempt of a/validator', seconds: '1 to 2', failure: 'declined' },
    { is: 'b/attempt of a/validator', seconds: '4 to 9', failure: null },
  ]);
});

it('a job for which no miner was found is one search in vain', () => {
  const spans = spansOf({ job: { ...job, status: 'rejected' }, attempts: [], events: [] });
  expect(spans.map(({ name, failure }) => [name, failure])).toEqual([
    ['job at the validator', 'rejected'],
    ['routing', 'rejected'],
  ]);
});
