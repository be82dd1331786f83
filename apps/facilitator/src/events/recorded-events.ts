import { Injectable } from '@nestjs/common';
import { Batches, Database, PreparedStatement } from '@horde/database';
import { maxInline, wireTime, type LongText } from '../jobs/job-rows.ts';
import type { JobEvent, JobEventSource } from './job-event.ts';
import type { Places } from './places.ts';

/** How many readers' new events are read by one statement at most. */
const atOnce = 100;

/** Who has read a job's events so far. */
interface Reader extends Pick<Places, 'status' | 'progress'> {
  job: string;
}

interface Row {
  /** Whose it is, of those who are read for. */
  reader: number;
  place: string;
  type: 'status' | 'wait' | 'progress';
  status: string;
  created_at: string;
  /** @unit bytes */
  size: number;
  /** null: it is too long to be read with its row. */
  data: string | null;
}

/**
 * By the time at which they were recorded. That of a kind's events never counts as earlier than that of the one before:
 * clocks are set back, and a reader's place is behind all that it has.
 */
const newEvents = new PreparedStatement<Row>(`
  select reader::int, place, type, status, recorded.created_at, size, data
  from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality reading (job, last_status, last_progress, reader),
  lateral (
    with recorded as (
      select id as place, 'status' as type, status, created_at, metadata::text as data from job_status
      where job_uuid = job and id > last_status
      union all
      select revision, type, null, noted_at, data::text from job_progress
      where job_uuid = job and revision > last_progress
    )
    select place, type, status, ${wireTime('created_at')} as created_at, octet_length(data) as size,
      case when octet_length(data) <= ${maxInline} then data end as data,
      max(created_at) over (partition by type = 'status' order by place) as moment
    from recorded
  ) recorded
  order by reader, moment, type = 'status', place`);

/** Only jobs that are still there have a row. */
const newest = new PreparedStatement<{ job: string } & Pick<Places, 'status' | 'progress'>>(`
  select uuid as job,
    coalesce((select max(id) from job_status where job_uuid = uuid), 0) as status,
    coalesce((select max(revision) from job_progress where job_uuid = uuid), 0) as progress
  from job where uuid = any($1::uuid[])`);

/** A job's statuses, its waits and the progress of its transfers. */
@Injectable()
export class RecordedEvents implements JobEventSource {
  private readonly readers = new Batches((readers: Reader[]) => this.read(readers), atOnce);

  constructor(private readonly database: Database) {}

  async *unread(job: string, { status, progress }: Places): AsyncGenerator<JobEvent & { status: string }> {
    for (const row of await this.readers.add({ job, status, progress })) yield eventOf(row);
  }

  private async read(readers: Reader[]): Promise<Row[][]> {
    const rows = await newEvents.run(this.database.manager, [
      readers.map(({ job }) => job),
      readers.map(({ status }) => status),
      readers.map(({ progress }) => progress),
    ]);
    const byReader = Map.groupBy(rows, ({ reader }) => reader);
    return readers.map((_, at) => byReader.get(at + 1) ?? []);
  }

  /** How far one can come now with each of these jobs; one that has been removed has no entry. */
  async newest(jobs: string[]): Promise<Map<string, Pick<Places, 'status' | 'progress'>>> {
    const rows = await newest.run(this.database.manager, [jobs]);
    return new Map(rows.map(({ job, ...places }) => [job, places]));
  }
}

function eventOf(row: Row): JobEvent & { status: string } {
  const { place, type, status, created_at: at } = row;
  if (type !== 'status') return { type, status, data: [row.data!], reached: { progress: place } };
  const head = `{"status":${JSON.stringify(status)},"created_at":${JSON.stringify(at)},"metadata":`;
  return { type, status, data: [head, row.data ?? longMetadata(row), '}'], reached: { status: place } };
}

const longMetadata = ({ place, size }: Row): LongText => ({
  table: 'job_status',
  bytes: "convert_to(metadata::text, 'UTF8')",
  key: place,
  size,
  from: 0,
});
