import { keptOutput, type OutputStream } from '@horde/protocol';
import type { QueryRunner } from 'typeorm';
import { Batches } from '../batches.ts';
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

/** How many pieces are stored, or read, by one statement at most. */
const atOnce = 32;

/** A piece of a stream that is to be stored. */
interface Piece extends StoredPart {
  job: string;
  stream: OutputStream;
}

/** Where a stream is to be read. */
interface Wanted {
  job: string;
  stream: OutputStream;
  offset: number;
  /** How many bytes at most. */
  max: number;
}

/** What is stored where a stream is read: its row, with each part that is near. */
interface ReadRow {
  place: number;
  received: string;
  ended: boolean;
  offset: string | null;
  data: Buffer | null;
}

/**
 * What jobs print: of each job the first and the last 4 MiB that came, of both streams together, and at most some hundred
 * kB more. What a stream has come to only rises, so that what comes again changes nothing. What comes at once, of whatever
 * jobs, is stored together, and read together.
 */
export class JobOutputStore {
  private readonly readStatement: PreparedStatement<ReadRow>;
  private readonly pieces = new Batches((pieces: Piece[]) => this.appendAll(pieces), atOnce);
  private readonly wanted = new Batches((wanted: Wanted[]) => this.readAll(wanted), atOnce);

  /** @param isOver when a stream counts as ended that has not been said to be, as SQL about its job's row `job` */
  constructor(
    private readonly database: Database,
    isOver = 'false',
  ) {
    this.readStatement = new PreparedStatement(
      `select place::int, received, (ended or ${isOver}) as ended, part."offset", part.data
       from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[])
         with ordinality wanted (job_uuid, stream, start, most, place)
       join job_output output using (job_uuid, stream) join job on uuid = job_uuid left join lateral (
         select greatest("offset", start) as "offset",
           substr(data, (greatest(start - "offset", 0) + 1)::int, most) as data
         from (
           select "offset", data, sum(least(length(data), greatest("offset" + length(data) - start, 0)))
             over (order by "offset" rows between unbounded preceding and 1 preceding) as before
           from job_output_part where job_uuid = output.job_uuid and stream = output.stream and "offset" >= coalesce((
             select max("offset") from job_output_part
             where job_uuid = output.job_uuid and stream = output.stream and "offset" <= start), 0)
           order by "offset" limit ${rowsAtOnce}
         ) near where "offset" + length(data) > start and coalesce(before, 0) <= most
       ) part on true
       order by place, part."offset"`,
    );
  }

  /** The streams of a job; none where its output is not kept. */
  async of(job: string): Promise<StreamPosition[]> {
    const rows = await positions.run(this.database.manager, [job]);
    return rows.map((row) => ({ ...row, received: Number(row.received) }));
  }

  /** Stores what follows of a stream; of a job whose output is not kept, nothing. */
  append(
    job: string,
    stream: OutputStream,
    { offset, data, end }: { offset: number; data: Buffer; end: boolean },
  ): Promise<void> {
    return this.pieces.add({ job, stream, offset, data, end });
  }

  /**
   * What is kept of a stream from `offset` on, at most `max` bytes. What begins later follows a gap.
   *
   * @returns null while there is nothing; undefined: the job's output is not kept
   */
  read(
    job: string,
    stream: OutputStream,
    offset: number,
    max: number,
  ): Promise<StoredPart | null | undefined> {
    return this.wanted.add({ job, stream, offset, max });
  }

  private async appendAll(pieces: Piece[]): Promise<void[]> {
    const isOnce = new Set(pieces.map(({ job, stream }) => `${stream} ${job}`)).size === pieces.length;
    // Of two connections, which is rare: one statement would not see of the first what the second follows.
    if (!isOnce) throw new Error('Two pieces of one stream: each is to be stored alone.');
    const { manager } = this.database;
    let start = 1;
    const starts = pieces.map(({ data }) => (start += data.length) - data.length);
    const stored = await append.run(manager, [
      pieces.map(({ job }) => job),
      pieces.map(({ stream }) => stream),
      pieces.map(({ offset }) => offset),
      starts,
      pieces.map(({ data }) => data.length),
      pieces.map(({ end }) => end),
      Buffer.concat(pieces.map(({ data }) => data)),
    ]);
    const { first, last } = keptOutput;
    for (const { job, before, after, total } of stored) {
      const isTrimmed = Math.floor(Number(before) / trimEvery) < Math.floor(Number(after) / trimEvery);
      if (Number(total) > first + last && isTrimmed)
        await trim.run(manager, [job, first, Number(total) - last]);
    }
    return pieces.map(() => undefined);
  }

  private async readAll(wanted: Wanted[]): Promise<(StoredPart | null | undefined)[]> {
    const rows = await this.readStatement.run(this.database.manager, [
      wanted.map(({ job }) => job),
      wanted.map(({ stream }) => stream),
      wanted.map(({ offset }) => offset),
      wanted.map(({ max }) => max),
    ]);
    const byPlace = Map.groupBy(rows, ({ place }) => place);
    return wanted.map(({ offset, max }, at) => partOf(byPlace.get(at + 1) ?? [], offset, max));
  }

  /** The next one has all of a stream that has ended: its bytes need not be kept. */
  async free(job: string, stream: OutputStream, offset: number): Promise<void> {
    if (offset > 0) await free.run(this.database.manager, [job, stream, offset]);
  }
}

function partOf(rows: ReadRow[], offset: number, max: number): StoredPart | null | undefined {
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

/**
 * Pieces of different streams, whose data are one after another in $7. Where the other stream of a job is being written at
 * the same moment, what comes of it counts as later: its row is not locked.
 */
const append = new PreparedStatement<{ job: string; before: string; after: string; total: string }>(
  `with piece as (
     select job_uuid, stream, start, substr($7::bytea, place, size) as data, size, last
     from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::int[], $6::boolean[])
       given (job_uuid, stream, start, place, size, last)
   ), open as (
     select output.job_uuid, output.stream, received, came from piece join job_output output using (job_uuid, stream)
     where not ended order by job_uuid, stream for update of output
   ), part as (
     select job_uuid, stream, greatest(start, received) as "offset",
       substr(data, (greatest(received - start, 0) + 1)::int) as data,
       start + size as reached, last,
       came as before,
       came + (
         select sum(other.came) from job_output other where other.job_uuid = open.job_uuid and other.stream <> open.stream
       )::bigint as place
     from open join piece using (job_uuid, stream)
   ), moved as (
     update job_output output set received = greatest(output.received, reached), ended = last,
       came = output.came + length(data)
     from part where output.job_uuid = part.job_uuid and output.stream = part.stream
   ), longer as (
     update job_output_part newest set data = newest.data || part.data from part
     where newest.job_uuid = part.job_uuid and newest.stream = part.stream and newest."offset" = (
       select max("offset") from job_output_part where job_uuid = part.job_uuid and stream = part.stream
     ) and newest."offset" + length(newest.data) = part."offset"
       and length(newest.data) + length(part.data) <= ${maxRow}
       and part.place + length(part.data) - newest.place <= ${maxSpread}
     returning part.job_uuid, part.stream
   ), added as (
     insert into job_output_part (job_uuid, stream, "offset", data, place)
     select job_uuid, stream, "offset", data, place from part
     where length(data) > 0 and (job_uuid, stream) not in (select job_uuid, stream from longer)
   )
   select job_uuid as job, before, before + length(data) as after, place + length(data) as total from part`,
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
