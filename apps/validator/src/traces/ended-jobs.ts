import { In } from 'typeorm';
import { endedByTime, places, type EndedJobs, type Span } from '@horde/tracing';
import { Attempt } from '../jobs/attempt.entity.ts';
import { JobEvent } from '../jobs/job-event.entity.ts';
import { Job } from '../jobs/job.entity.ts';

/** What this validator's tables tell of jobs that have ended. */
export const endedJobs: EndedJobs = {
  after: endedByTime,
  spans: async ({ manager }, uuids) => {
    const of = { where: { job_uuid: In(uuids) } };
    const [jobs, attempts, events] = await Promise.all([
      manager.findBy(Job, { uuid: In(uuids) }),
      manager.find(Attempt, { ...of, order: { number: 'asc' } }),
      manager.find(JobEvent, { ...of, order: { id: 'asc' } }),
    ]);
    const ofJob = ({ uuid }: Job) => ({
      attempts: attempts.filter(({ job_uuid }) => job_uuid === uuid),
      events: events.filter(({ job_uuid }) => job_uuid === uuid),
    });
    return jobs.flatMap((job) => spansOf({ job, ...ofJob(job) }));
  },
};

interface TracedJob {
  job: Pick<Job, 'uuid' | 'executor_class' | 'signatory' | 'status' | 'received_at' | 'ended_at'>;
  /** Oldest first, as the events. */
  attempts: Pick<
    Attempt,
    'number' | 'uuid' | 'miner_hotkey' | 'started_at' | 'ended_at' | 'outcome' | 'reason'
  >[];
  events: Pick<JobEvent, 'status' | 'at'>[];
}

/** The spans of a job that has ended: itself, each search for a miner, each attempt. */
export function spansOf({ job, attempts, events }: TracedJob): Span[] {
  const end = job.ended_at!;
  const whole: Span = {
    job: job.uuid,
    place: places.validator,
    parent: places.facilitator,
    name: 'job at the validator',
    kind: 'server',
    start: job.received_at,
    end,
    facts: { 'horde.user': job.signatory, 'horde.executor_class': job.executor_class },
    failure: job.status === 'completed' ? null : (attempts.at(-1)?.reason ?? job.status),
    events: events.map(({ status, at }) => ({ name: status, at })),
  };
  const routing = attempts.map(({ number, started_at }, i): Span => {
    const before = attempts[i - 1];
    return routed(job.uuid, number, before ? (before.ended_at ?? end) : job.received_at, started_at);
  });
  if (attempts.length === 0)
    routing.push({ ...routed(job.uuid, 1, job.received_at, end), failure: job.status });
  return [whole, ...routing, ...attempts.map((attempt) => attemptSpan(job.uuid, attempt, end))];
}

const routed = (job: string, number: number, start: Date, end: Date): Span => ({
  job,
  place: `routing/${number}`,
  parent: places.validator,
  name: 'routing',
  start,
  end,
});

/** A miner knows an attempt by its own uuid alone, on which its spans hang. */
function attemptSpan(job: string, attempt: TracedJob['attempts'][number], jobEnd: Date): Span {
  const { number, uuid, miner_hotkey, started_at: start, ended_at, outcome, reason } = attempt;
  return {
    job: uuid,
    place: places.attempt,
    parent: { job, place: places.validator },
    name: 'attempt',
    kind: 'client',
    start,
    end: ended_at ?? jobEnd,
    facts: { 'horde.miner': miner_hotkey, 'horde.attempt': number },
    failure: outcome === 'completed' ? null : (reason ?? outcome ?? 'unknown'),
  };
}
