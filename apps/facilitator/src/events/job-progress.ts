import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, LogThrottle, type Logger } from '@horde/operations';
import {
  isTerminal,
  JobStatus,
  withoutNuls,
  type JobProgress as ProgressMessage,
  type JobWait,
} from '@horde/protocol';
import { isUuid } from '../jobs/page.ts';
import { JobNews } from './job-news.ts';

/** How long what validators say is gathered before it is stored. @unit ms */
const gathering = 300;
/** The pause after it could not be stored. @unit ms */
const retryPause = 2_000;
/** Of more than so many unstored ones the rest is dropped. */
const maxUnstored = 20_000;
/** How many transfers of a job are told. */
const maxTransfers = 64;
/** How many waits of a job are kept. */
const maxWaits = 100;

/** Nothing is told of a job that has ended. */
const ends = JobStatus.filter(isTerminal);

interface Unstored {
  validator: string;
  job: string;
  type: 'wait' | 'progress';
  /** Which transfer it is; null: it is a wait. */
  item: string | null;
  /** The event's data. */
  data: string;
}

/**
 * Jobs are locked, always in the same order: the revisions of a job rise in the order in which they are committed, and a
 * reader that has one has all before it. A wait that says what the last one said is none.
 */
const store = `
  with given as (
    select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[])
      as given (validator, job, type, item, data)
  ), own as materialized (
    select uuid, target_validator_hotkey from job
    where uuid in (select job from given) and status <> all($6)
    order by uuid for no key update
  )
  insert into job_progress (job_uuid, type, item, data)
  select job, type, item, data::json from given join own on uuid = job and target_validator_hotkey = validator
  where case when item is null
    then data is distinct from (
      select data::text from job_progress last where job_uuid = uuid and last.item is null order by revision desc limit 1
    ) else exists (select from job_progress known where job_uuid = uuid and known.item = given.item)
      or (select count(item) from job_progress known where job_uuid = uuid) < ${maxTransfers}
    end
  on conflict (job_uuid, item) do update set revision = default, data = excluded.data, noted_at = clock_timestamp()
  returning job_uuid as job`;

const forgetOldWaits = `
  delete from job_progress old where job_uuid = any($1) and item is null and revision <= (
    select revision from job_progress kept where kept.job_uuid = old.job_uuid and item is null
    order by revision desc offset ${maxWaits} limit 1
  )`;

/**
 * What validators say of their jobs beside the statuses: waits in their order, and of each transfer the newest. What was
 * said since the last time is stored at once for all jobs; of one job's waits in that time, the last.
 */
@Injectable()
export class JobProgress {
  private unstored = new Map<string, Unstored>();
  private timer: NodeJS.Timeout | undefined;
  private readonly throttle = new LogThrottle();

  constructor(
    private readonly database: Database,
    private readonly news: JobNews,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  noteProgress(validator: string, { job_uuid: job, stage, name, done, total }: ProgressMessage): void {
    const data = JSON.stringify({ stage, name, done, total });
    this.note({ validator, job, type: 'progress', item: withoutNuls(`${stage} ${name}`), data });
  }

  noteWait(validator: string, { job_uuid: job, waits_for, since, until }: JobWait): void {
    const data = JSON.stringify({ waits_for, since, until });
    this.note({ validator, job, type: 'wait', item: null, data });
  }

  private note(one: Unstored): void {
    if (!isUuid(one.job)) return;
    const key = `${one.validator} ${one.job} ${one.item}`;
    if (this.unstored.size >= maxUnstored && !this.unstored.has(key)) return;
    this.unstored.set(key, one);
    this.storeIn(gathering);
  }

  private storeIn(pause: number): void {
    this.timer ??= setTimeout(() => void this.storeAll(), pause).unref();
  }

  private async storeAll(): Promise<void> {
    const all = this.unstored;
    this.unstored = new Map();
    let next = gathering;
    try {
      await this.store([...all.values()]);
    } catch (error) {
      if (this.throttle.allows('')) this.logger.warn({ error }, 'progress of jobs could not be stored');
      for (const [key, one] of this.unstored) all.set(key, one);
      this.unstored = all;
      next = retryPause;
    }
    this.timer = undefined;
    if (this.unstored.size > 0) this.storeIn(next);
  }

  private async store(all: Unstored[]): Promise<void> {
    const column = <K extends keyof Unstored>(name: K) => all.map((one) => one[name]);
    await this.database.transaction(async (tx) => {
      const rows = await tx.manager.query<{ job: string }[]>(store, [
        column('validator'),
        column('job'),
        column('type'),
        column('item'),
        column('data'),
        ends,
      ]);
      const jobs = [...new Set(rows.map(({ job }) => job))];
      if (all.some(({ item }) => item === null)) await tx.manager.query(forgetOldWaits, [jobs]);
      for (const job of jobs) this.news.ring(tx, job);
    });
  }
}
