import { endedByTime, places, type EndedJobs, type Span } from '@horde/tracing';

interface TracedJob {
  uuid: string;
  validator_hotkey: string;
  executor_class: string;
  accepted_at: Date;
  start_requested_at: Date | null;
  connected_at: Date | null;
  exited_at: Date | null;
  exit_code: number | null;
  ended_at: Date;
  /** Oldest first. */
  events: { status: string; reason: string | null; at: string }[];
}

/** What this miner's tables tell of jobs that have ended. */
export const endedJobs: EndedJobs = {
  after: endedByTime,
  spans: async (database, uuids) =>
    (
      await database.manager.query<TracedJob[]>(
        `select uuid, validator_hotkey, executor_class, accepted_at, start_requested_at, connected_at, exited_at,
           exit_code, ended_at,
           (select json_agg(json_build_object('status', status, 'reason', reason, 'at', at) order by id)
            from job_event where job_uuid = uuid) as events
         from job where uuid = any($1)`,
        [uuids],
      )
    ).flatMap(spansOf),
};

function spansOf(traced: TracedJob): Span[] {
  const { uuid: job, accepted_at, ended_at, start_requested_at, connected_at, exited_at } = traced;
  const events = traced.events.map(({ status, at }) => ({ name: status, at: new Date(at) }));
  const last = traced.events.at(-1)!;
  const part = (span: Omit<Span, 'job' | 'parent'>): Span => ({ ...span, job, parent: places.miner });
  const spans: Span[] = [
    {
      job,
      place: places.miner,
      parent: places.attempt,
      name: 'job at the miner',
      kind: 'server',
      start: accepted_at,
      end: ended_at,
      facts: {
        'horde.validator': traced.validator_hotkey,
        'horde.executor_class': traced.executor_class,
      },
      failure: last.status === 'completed' ? null : (last.reason ?? last.status),
      events,
    },
    part({ place: 'miner/reservation', name: 'reservation', start: accepted_at, end: events[0]!.at }),
  ];
  if (start_requested_at === null) return spans;
  return [
    ...spans,
    part({
      place: 'miner/start',
      name: 'executor start',
      start: start_requested_at,
      end: connected_at ?? ended_at,
      failure: connected_at ? null : 'not_connected',
    }),
    part({
      place: places.executorRun,
      name: 'executor',
      kind: 'client',
      start: start_requested_at,
      end: exited_at ?? ended_at,
      facts: { 'process.exit.code': traced.exit_code },
    }),
  ];
}
