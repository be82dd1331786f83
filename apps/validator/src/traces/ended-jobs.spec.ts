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

it('a second attempt, which its miner knows by another uuid, is a span here and the root of a trace that links here', () => {
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
  const seen = spans.map(({ job, place, parent, start, end, failure = null, links = [] }) => ({
    is: `${job}/${place} of ${parent}`,
    seconds: `${start.getTime() / 1000} to ${end.getTime() / 1000}`,
    failure,
    links: links.map((link) => `${link.job}/${link.place}`),
  }));
  const none = { failure: null, links: [] };
  expect(seen).toEqual([
    { ...none, is: 'a/validator of facilitator', seconds: '0 to 9' },
    { ...none, is: 'a/routing/1 of validator', seconds: '0 to 1' },
    { ...none, is: 'a/routing/2 of validator', seconds: '2 to 4' },
    { ...none, is: 'a/attempt of validator', seconds: '1 to 2', failure: 'declined' },
    { ...none, is: 'a/attempt/2 of validator', seconds: '4 to 9', links: ['b/attempt'] },
    { ...none, is: 'b/attempt of null', seconds: '4 to 9', links: ['a/attempt/2'] },
  ]);
});

it('a job for which no miner was found is one search in vain', () => {
  const spans = spansOf({ job: { ...job, status: 'rejected' }, attempts: [], events: [] });
  expect(spans.map(({ name, failure }) => [name, failure])).toEqual([
    ['job at the validator', 'rejected'],
    ['routing', 'rejected'],
  ]);
});
