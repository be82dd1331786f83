import { writeFrame } from '@horde/protocol';
import { expect, it } from 'vitest';
import type { Attempt } from '../jobs/attempt.entity.ts';
import type { Job } from '../jobs/job.entity.ts';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import type { JobRouting } from './decisions.ts';
import { explain } from './explain.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const uuid = '00000000-0000-4000-8000-000000000001';
const routing = (job: Partial<Job>, attempt?: Partial<Attempt>): JobRouting => ({
  job: {
    uuid,
    request: writeFrame(newJob(uuid, null)),
    executor_class: 'always_on.test',
    ended_at: null,
    waits_since: null,
    ...job,
  } as Job,
  since: at(10),
  last: { status: job.status!, metadata: null },
  attempts: [],
  decisions: attempt
    ? [
        {
          decision: {
            decided_at: at(9),
            decision: '{"says":"Chosen.","candidates":[],"others":{}}',
          } as never,
          attempt: { outcome: null, ...attempt } as Attempt,
        },
      ]
    : [],
});
const head = (routed: JobRouting) => explain(routed).split('\n')[1];

it.each<[string, JobRouting, string]>([
  [
    'for a miner',
    routing({
      status: 'received',
      waits_since: at(1),
      waits_until: at(31),
      waits_for: 'All are busy.',
    }),
    'It waits since 2026-01-01T00:00:01Z, until 2026-01-01T00:00:31Z at most: All are busy.',
  ],
  [
    'for its miner’s answer',
    routing({ status: 'received' }, { miner_hotkey: 'm', deadline: at(17) }),
    'It waits since 2026-01-01T00:00:10Z, until 2026-01-01T00:00:17Z at most: The miner m has to accept or decline the job.',
  ],
  [
    'for its executor',
    routing({ status: 'accepted' }, { miner_hotkey: 'm', deadline: at(18) }),
    'It waits since 2026-01-01T00:00:10Z, until 2026-01-01T00:00:18Z at most: The miner m has to report its executor ready.',
  ],
])('a job that waits %s says for what, since when and until when at most', (_what, routed, sentence) => {
  expect(head(routed)).toBe(sentence);
});

it('a job that has ended waits for nothing', () => {
  expect(head(routing({ status: 'rejected', ended_at: at(2) }))).toBe(
    'Nobody took it, and nothing was said of why.',
  );
});
