import { redactJson, troubleLog } from '@horde/operations';
import { isCanonicalUuid } from '@horde/protocol';
import type { QueryRunner } from 'typeorm';
import type { Database } from '../database.ts';
import { PreparedStatement } from '../prepared-statement.ts';

/** With whom a service exchanges messages about jobs. */
type FramePeer = 'facilitator' | 'validator' | 'miner' | 'executor';

/** What is kept of one job. */
const most = { frames: 200, bytes: 256 * 1024 };
/** What is kept of one frame, once it is redacted. @unit characters */
const maxBody = 8_192;
/** Of a larger frame only its type and size are kept: reading it would hold up everything else. @unit characters */
const maxRead = 256 * 1024;
/** What may wait to be stored; what comes beyond is not kept. */
const maxWaiting = { frames: 2_000, characters: 16 * 1024 * 1024 };
/** How long frames wait for others, to be stored together. @unit ms */
const patience = 2_000;
/** How many are stored in one statement. */
const batch = 500;
/** How long frames wait for their job, and how many. @unit ms */
const orphansKeptFor = 30_000;
const maxOrphans = 100;

/** What is stored elsewhere as the job's output, or is out of date a moment later. */
const passing = new Set(['V0JobOutput', 'V0JobOutputChunk', 'V0JobOutputRequest', 'V0JobProgress']);

/** A frame about a job, as it is exchanged. */
export interface ExchangedFrame {
  peer: FramePeer;
  /** The peer's hotkey, or its address: a job of others is none of its. */
  who: string;
  /** What the job is called towards the peer. */
  job: string;
  isSent: boolean;
  text: string;
}

interface Waiting extends ExchangedFrame {
  at: Date;
}

/** A frame as it is kept. */
export interface KeptFrame {
  at: Date;
  peer: FramePeer;
  is_sent: boolean;
  /** What the job is called in it. */
  called: string;
  type: string;
  /** As it was exchanged. @unit characters */
  size: number;
  /** Redacted JSON, cut where it is long; null: it was too large to be read. */
  body: string | null;
}

/** The table of frames, for a migration of a service that has a table `job`. */
export async function createJobFrameTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table job_frame (
      id bigint generated always as identity primary key,
      job_uuid uuid not null references job (uuid) on delete cascade,
      at timestamptz not null,
      peer text not null,
      is_sent boolean not null,
      called uuid not null,
      type text not null,
      size integer not null,
      body text
    )`);
  await runner.query('create index job_frame_job on job_frame (job_uuid, id)');
}

/**
 * What a service has exchanged with its peers about each job, redacted. It is for people who look at a job later: frames
 * are stored some seconds after they were exchanged, many together, and what is lost when the process dies is not missed.
 */
export class JobFrames {
  private waiting: Waiting[] = [];
  private characters = 0;
  private timer: NodeJS.Timeout | undefined;
  private storing: Promise<void> = Promise.resolve();
  private readonly trouble;
  private readonly insert: PreparedStatement<{ at: number }>;

  /**
   * @param jobs for each peer SQL for the uuid of the job that `called`, a uuid, means to it: null where it has none. Its
   * `who` is the peer's name, a text
   * @param isKept whether anything is kept
   * @param log told what keeps frames from being stored, now and then
   */
  constructor(
    private readonly database: Database,
    jobs: Partial<Record<FramePeer, string>>,
    private readonly isKept: boolean,
    log: (error: unknown) => void,
  ) {
    this.trouble = troubleLog(log);
    const job = Object.entries(jobs).map(([peer, sql]) => `when '${peer}' then (${sql})`);
    this.insert = new PreparedStatement(`
      with frame as (
        select *, case peer ${job.join(' ')} end as job_uuid
        from unnest($1::timestamptz[], $2::text[], $3::text[], $4::boolean[], $5::uuid[], $6::text[], $7::integer[],
          $8::text[]) with ordinality as frame (at, peer, who, is_sent, called, type, size, body, n)
      ), fresh as (
        select *, row_number() over of_job as place, sum(coalesce(octet_length(body), 0)) over of_job as bytes
        from frame where job_uuid is not null
        window of_job as (partition by job_uuid order by n)
      ), stored as (
        insert into job_frame (job_uuid, at, peer, is_sent, called, type, size, body)
        select job_uuid, at, peer, is_sent, called, type, size, body
        from fresh cross join lateral (
          select count(*) as place, coalesce(sum(octet_length(body)), 0) as bytes
          from job_frame where job_frame.job_uuid = fresh.job_uuid
        ) kept
        where kept.place + fresh.place <= ${most.frames} and kept.bytes + fresh.bytes <= ${most.bytes}
        order by n
      )
      select n::integer - 1 as at from frame where job_uuid is null`);
  }

  /** Notes a frame. It costs nearly nothing here: it is redacted and stored in the background. */
  note(frame: ExchangedFrame): void {
    if (!this.isKept || !isCanonicalUuid(frame.job)) return;
    this.wait({ ...frame, at: new Date() });
  }

  /**
   * The frames of a job, in the order in which they were exchanged, and whether more are not kept; null: there is no such
   * job.
   */
  async of(jobUuid: string): Promise<{ frames: KeptFrame[]; isFull: boolean } | null> {
    await this.store();
    const found = await this.database.manager.query<(KeptFrame | { at: null })[]>(
      `select at, peer, is_sent, called, type, size, body from job left join job_frame on job_uuid = uuid
       where uuid = $1 order by at, id`,
      [jobUuid],
    );
    if (found.length === 0) return null;
    const frames = found.filter((row) => row.at !== null);
    const bytes = frames.reduce((sum, { body }) => sum + (body === null ? 0 : Buffer.byteLength(body)), 0);
    return { frames, isFull: frames.length >= most.frames || bytes > most.bytes - maxBody };
  }

  /** What is noted by now is stored when this resolves. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.store();
  }

  private wait(frame: Waiting): void {
    const { length } = frame.text;
    if (this.waiting.length >= maxWaiting.frames || this.characters + length > maxWaiting.characters) return;
    this.waiting.push(frame);
    this.characters += length;
    this.timer ??= setTimeout(() => void this.store(), patience).unref();
  }

  /** Stores all that waits; never rejects. */
  private store(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const frames = this.waiting;
    this.waiting = [];
    this.characters = 0;
    for (let at = 0; at < frames.length; at += batch) {
      const some = frames.slice(at, at + batch);
      this.storing = this.storing.then(() => this.storeSome(some)).catch(this.trouble.is);
    }
    return this.storing;
  }

  private async storeSome(frames: Waiting[]): Promise<void> {
    const rows = frames.flatMap((frame) => {
      const { type, body } = kept(frame.text);
      return passing.has(type) ? [] : [{ ...frame, type, body }];
    });
    if (rows.length === 0) return;
    const column = <Name extends keyof (typeof rows)[number]>(name: Name) => rows.map((row) => row[name]);
    const orphans = await this.insert.run(this.database.manager, [
      column('at'),
      column('peer'),
      column('who'),
      column('isSent'),
      column('job'),
      column('type'),
      rows.map(({ text }) => text.length),
      column('body'),
    ]);
    this.trouble.over();
    // Their job may be stored behind them: one that waits for a slot.
    const before = Date.now() - orphansKeptFor;
    for (const { at } of orphans.slice(0, maxOrphans))
      if (rows[at]!.at.getTime() > before) this.wait(rows[at]!);
  }
}

/** What is kept of a frame's text. */
function kept(text: string): { type: string; body: string | null } {
  const type = /"message_type":\s*"(\w{1,100})"/.exec(text.slice(0, 4_096))?.[1] ?? 'unknown';
  if (passing.has(type) || text.length > maxRead) return { type, body: null };
  const message = parsed(text);
  if (message === undefined) return { type, body: null };
  // Postgres takes no NUL, and no half of a character.
  const body = JSON.stringify(redactJson(message))
    .replaceAll(String.raw`\u0000`, '␀')
    .toWellFormed();
  if (body.length <= maxBody) return { type, body };
  return { type, body: `${body.slice(0, maxBody)}… [${body.length} characters]`.toWellFormed() };
}

/** Python's NaN is no JSON here. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
