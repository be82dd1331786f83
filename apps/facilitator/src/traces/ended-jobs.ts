import { isTerminal, JobStatus } from '@horde/protocol';
import { places, type EndedJobs, type Span } from '@horde/tracing';

interface TracedJob {
  uuid: string;
  hotkey: string;
  validator: string;
  executor_class: string;
  created_at: Date;
  /** Oldest first. */
  statuses: { status: JobStatus; at: string }[];
}

const terminal = Object.values(JobStatus).filter(isTerminal);

/** What this facilitator's tables tell of jobs that have ended. Their positions are ids of statuses. */
export const endedJobs: EndedJobs = {
  after: (database, position, most) =>
    database.manager.query(
      `select job_uuid as uuid, id::text as position from job_status
       where id > $1 and status = any($2) and created_at > now() - interval '1 hour' and id < coalesce(
         (select min(id) from job_status where id > $1 and created_at > now() - interval '2 seconds'), id + 1)
       order by id limit $3`,
      [position, terminal, most],
    ),
  spans: async (database, uuids) =>
    (
      await database.manager.query<TracedJob[]>(
        `select uuid, hotkey, target_validator_hotkey as validator, executor_class, created_at,
           (select json_agg(json_build_object('status', status, 'at', created_at) order by id)
            from job_status where job_uuid = uuid) as statuses
         from job where uuid = any($1)`,
        [uuids],
      )
    ).flatMap(spansOf),
};

function spansOf({ uuid: job, hotkey, validator, executor_class, created_at, statuses }: TracedJob): Span[] {
  const events = statuses.map(({ status, at }) => ({ name: status, at: new Date(at) }));
  const last = events.at(-1)!;
  const taken = events.find(({ name }) => name !== 'sent') ?? last;
  const start = created_at;
  return [
    {
      job,
      place: places.facilitator,
      parent: null,
      name: 'job',
      kind: 'server',
      start,
      end: last.at,
      facts: {
        'horde.user': hotkey,
        'horde.validator': validator,
        'horde.executor_class': executor_class,
      },
      failure: last.name === 'completed' ? null : last.name,
      events,
    },
    {
      job,
      place: 'facilitator/delivery',
      parent: places.facilitator,
      name: 'delivery to the validator',
      kind: 'client',
      start,
      end: taken.at,
    },
  ];
}
