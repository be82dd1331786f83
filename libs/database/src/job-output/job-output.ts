import { keptOutput, type OutputStream } from '@horde/protocol';
import type { QueryRunner } from 'typeorm';
import type { Database } from '../database.ts';
import { PreparedStatement } from '../prepared-statement.ts';

/** Pieces are put together in rows of up to so many bytes: larger ones would be written anew out of their row each time. */
const maxRow = 1_800;
/** They are only put together where so much of the job's output came meanwhile at most: a row is kept or not as a whole. */
const maxSpread = 64 * 1024;
/** What is not kept is removed whenever so much of a stream has come. @unit bytes */
const trimEvery = 128 * 1024;
/** How many rows are read at once. */
const rowsAtOnce = 64;

/** The tables of jobs' output, for a migration of a service that has a table `job`. */
export async function createJobOutputTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table job_output (
      job_uuid uuid not null references job (uuid) on delete cascade,
      stream text not null,
      -- Everything before it has been stored, or is known to be lost.
      received bigint not null default 0,
      ended boolean not null default false,
      primary key (job_uuid, stream)
    )`);
  await runner.query('create index job_output_open on job_output (job_uuid) where not ended');
  await runner.query(`
    create table job_output_part (
      job_uuid uuid not null,
      stream text not null,
      "offset" bigint not null,
      data bytea not null,
      primary key (job_uuid, stream, "offset"),
      foreign key (job_uuid, stream) references job_output (job_uuid, stream) on delete cascade
    )`);
  // A part of them is read without the rest.
  await runner.query('alter table job_output_part alter data set storage external');
}

/** For a migration behind that of the tables: in which order the bytes of a job's two streams come. */
export async function orderJobOutput(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table job_output
      -- How many bytes of it have come; "received" counts what is known to be lost, too.
      add came bigint not null default 0`);
  await runner.query(`
    alter table job_output_part
      -- How many bytes of the job, of both streams, had come before.
      add place bigint not null default 0`);
  const growing = 'job_uuid in (select job_uuid from job_output where not ended)';
  await runner.query(`update job_output set came = received where ${growing}`);
  await runner.query(`update job_output_part set place = "offset" where ${growing}`);
}

/** Takes `orderJobOutput` back. */
export async function forgetOrderOfJobOutput(runner: QueryRunner): Promise<void> {
  await runner.query('alter table job_output drop came');
  await runner.query('alter table job_output_part drop place');
}

/** How far a stream has come. */
export interface StreamPosition {
  stream: OutputStream;
  /** @unit bytes */
  received: number;
  ended: boolean;
}

/** A part of a stream, as it is read. */
export interface StoredPart {
  offset: number;
  data: Buffer;
  /** Whether the stream ends behind it. */
  end: boolean;
}

const streams: readonly OutputStream[] = ['stdout', 'stderr'];

/**
 * What jobs print: of each job the first and the last 4 MiB that came, of both streams together, and at most some hundred
 * kB more. What a stream has come to only rises, so that what comes again changes nothing.
 */
export class JobOutputStore {
  private readonly readStatement: PreparedStatement<{
    received: string;
    ended: boolean;
    offset: string | null;
    data: Buffer | null;
  }>;

  /** @param isOver when a stream counts as ended that has not been said to be, as SQL about its job's row `job` */
  constructor(
    private readonly database: Database,
    isOver = 'false',
  ) {
    this.readStatement = new PreparedStatement(
      `select received, (ended or ${isOver}) as ended, part."offset", part.data
       from job_output output join job on uuid = job_uuid left join lateral (
         select greatest("offset", $3) as "offset",
           substr(data, (greatest($3 - "offset", 0) + 1)::int, $4::int) as data
         from (
           select "offset", data, sum(least(length(data), greatest("offset" + length(data) - $3, 0)))
             over (order by "offset" rows between unbounded preceding and 1 preceding) as before
           from job_output_part where job_uuid = output.job_uuid and stream = output.stream and "offset" >= coalesce((
             select max("offset") from job_output_part
             where job_uuid = output.job_uuid and stream = output.stream and "offset" <= $3), 0)
           order by "offset" limit ${rowsAtOnce}
         ) near where "offset" + length(data) > $3 and coalesce(before, 0) <= $4
       ) part on true
       where output.job_uuid = $1 and output.stream = $2 order by part."offset"`,
    );
  }

  /** The streams of a job; none where its output is not kept. */
  async of(job: string): Promise<StreamPosition[]> {
    const rows = await positions.run(this.database.manager, [job]);
    return rows.map((row) => ({ ...row, received: Number(row.received) }));
  }

  /** Stores what follows of a stream; of a job whose output is not kept, nothing. */
  async append(
    job: string,
    stream: OutputStream,
    { offset, data, end }: { offset: number; data: Buffer; end: boolean },
  ): Promise<void> {
    const { manager } = this.database;
    const [row] = await append.run(manager, [job, stream, offset, data, end]);
    const { first, last } = keptOutput;
    const [before, after, total] = [row?.before, row?.after, row?.total].map(Number) as [
      number,
      number,
      number,
    ];
    if (total > first + last && Math.floor(before / trimEvery) < Math.floor(after / trimEvery))
      await trim.run(manager, [job, first, total - last]);
  }

  /**
   * What is kept of a stream from `offset` on, at most `max` bytes. What begins later follows a gap.
   *
   * @returns null while there is nothing; undefined: the job's output is not kept
   */
  async read(
    job: string,
    stream: OutputStream,
    offset: number,
    max: number,
  ): Promise<StoredPart | null | undefined> {
    const rows = await this.readStatement.run(this.database.manager, [job, stream, offset, max]);
    const [first] = rows;
    if (!first) return undefined;
    const received = Number(first.received);
    const parts: Buffer[] = [];
    const from = first.offset === null ? Math.max(offset, received) : Number(first.offset);
    let to = from;
    for (const row of rows) {
      if (row.data === null || Number(row.offset) !== to || to - from === max) break;
      parts.push(row.data.subarray(0, max - (to - from)));
      to += parts.at(-1)!.length;
    }
    const end = first.ended && to >= received;
    if (to === from && !end) return null;
    return { offset: from, data: parts.length === 1 ? parts[0]! : Buffer.concat(parts), end };
  }

  /** The next one has all of a stream that has ended: its bytes need not be kept. */
  async free(job: string, stream: OutputStream, offset: number): Promise<void> {
    if (offset > 0) await free.run(this.database.manager, [job, stream, offset]);
  }
}

/** @param source a table with the jobs' `uuid`, and what has to hold of it, as SQL */
const keepThoseOf = (source: string) =>
  `insert into job_output (job_uuid, stream)
   select uuid, stream from unnest(array['${streams.join("', '")}']) stream, ${source}
   on conflict do nothing returning stream`;

/** Has the output of a job kept, from now on; returns a row for each stream that was not kept before. */
export const keepOutput = new PreparedStatement<{ stream: OutputStream }>(keepThoseOf('job where uuid = $1'));

/**
 * A peer wants the output of one of its jobs: it is kept from the first time on, unless the job has ended. Returns a row,
 * which says whether it was the first time; none: the peer has no such job.
 *
 * @param peer the column of the table `job` with whose it is
 */
export const keepWantedOutput = (peer: string): PreparedStatement<{ isFirst: boolean }> =>
  new PreparedStatement(
    `with own as (
       select uuid, ended_at from job where uuid = $1 and ${peer} = $2
     ), kept as (${keepThoseOf('own where ended_at is null')})
     select exists (select from kept) as "isFirst" from own`,
  );

const positions = new PreparedStatement<{ stream: OutputStream; received: string; ended: boolean }>(
  'select stream, received, ended from job_output where job_uuid = $1',
);

/** Where the other stream is being written at the same moment, what comes of it counts as later: its row is not locked. */
const append = new PreparedStatement<{ before: string; after: string; total: string }>(
  `with stream as (
     select received, came from job_output where job_uuid = $1 and stream = $2 and not ended for update
   ), part as (
     select greatest($3::bigint, received) as "offset",
       substr($4::bytea, (greatest(received - $3, 0) + 1)::int) as data,
       came as before,
       came + (select sum(came) from job_output where job_uuid = $1 and stream <> $2)::bigint as place
     from stream
   ), moved as (
     update job_output output set received = greatest(output.received, $3 + length($4)), ended = $5,
       came = output.came + length(data)
     from part where job_uuid = $1 and output.stream = $2
   ), longer as (
     update job_output_part last set data = last.data || part.data from part
     where last.job_uuid = $1 and last.stream = $2 and last."offset" = (
       select max("offset") from job_output_part where job_uuid = $1 and stream = $2
     ) and last."offset" + length(last.data) = part."offset"
       and length(last.data) + length(part.data) <= ${maxRow}
       and part.place + length(part.data) - last.place <= ${maxSpread}
     returning 1
   ), added as (
     insert into job_output_part (job_uuid, stream, "offset", data, place)
     select $1, $2, "offset", data, place from part where length(data) > 0 and not exists (select from longer)
   )
   select before, before + length(data) as after, place + length(data) as total from part`,
);

const trim = new PreparedStatement(
  `delete from job_output_part where job_uuid = $1 and place >= $2
     and place + greatest(length(data), ${maxSpread}) <= $3`,
);

const free = new PreparedStatement(
  `delete from job_output_part part using job_output output
   where output.job_uuid = $1 and output.stream = $2 and received <= $3
     and part.job_uuid = output.job_uuid and part.stream = output.stream`,
);
