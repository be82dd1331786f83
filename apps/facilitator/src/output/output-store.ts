import { Injectable } from '@nestjs/common';
import {
  Database,
  Doorbell,
  JobOutputStore,
  keepOutput,
  OutputBell,
  PreparedStatement,
  type OutputListener,
  type StoredPart,
  type StreamPosition,
} from '@horde/database';
import { isTerminal, JobStatus, type OutputStream } from '@horde/protocol';
import type { OutputPart, OutputSink } from '@horde/transport';

/** How long after a job's end more of its output may come. */
const lateBy = `interval '10 seconds'`;
/** How long after that its validator is asked for it. */
const askedFor = `interval '1 day'`;

/** What jobs print: the first and the last 4 MiB of each job, as long as that is kept. */
@Injectable()
export class OutputStore implements OutputSink {
  private readonly store: JobOutputStore;
  private readonly bell: OutputBell;

  constructor(
    private readonly database: Database,
    doorbell: Doorbell,
  ) {
    this.store = new JobOutputStore(database);
    this.bell = new OutputBell(database, doorbell);
  }

  /** Has the output of a job kept, from now on. @returns how far it has come */
  async keep(job: string): Promise<StreamPosition[]> {
    const kept = await keepOutput.run(this.database.manager, [job]);
    if (kept.length === 0) return this.of(job);
    return kept.map(({ stream }) => ({ stream, received: 0, ended: false }));
  }

  /** How far the output of a job has come; none: it is not kept, as its validator does not send it. */
  of(job: string): Promise<StreamPosition[]> {
    return this.store.of(job);
  }

  /** The output of a validator's jobs that has not come to its end. */
  async unfinished(validator: string): Promise<(StreamPosition & { job: string })[]> {
    const rows = await unfinished.run(this.database.manager, [validator, endings]);
    return rows.map((row) => ({ ...row, received: Number(row.received), ended: false }));
  }

  /** Stores what follows of a stream; what is stored already changes nothing. */
  async append(job: string, stream: OutputStream, part: OutputPart): Promise<void> {
    await this.store.append(job, stream, part);
    this.bell.ring(job);
  }

  /**
   * What is kept of a stream from `from` on, at most `max` bytes. What begins later follows a gap.
   *
   * @returns null: there is nothing now
   */
  async read(job: string, stream: OutputStream, from: number, max: number): Promise<StoredPart | null> {
    return (await this.store.read(job, stream, from, max)) ?? null;
  }

  /** Whether nothing more of an ended job's output is waited for. */
  async isComplete(job: string): Promise<boolean> {
    const [row] = await complete.run(this.database.manager, [job, endings]);
    return row!.complete;
  }

  /**
   * Resolves when more of a job's output may be stored from now on, after `limit`, or when `signal` is aborted.
   *
   * @param limit ms
   */
  async changed(job: string, limit: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    const silence = this.onStored((one) => {
      if (one === null || one === job) resolve();
    });
    const timer = setTimeout(resolve, limit).unref();
    await promise;
    clearTimeout(timer);
    silence();
  }

  /** Calls `listener` when more of a job's output is stored; null: of any job's. Returns a function that ends it. */
  onStored(listener: OutputListener): () => void {
    return this.bell.on(listener);
  }
}

const endings = JobStatus.filter(isTerminal);

const unfinished = new PreparedStatement<{ job: string; stream: OutputStream; received: string }>(
  `select job_uuid as job, stream, received from job_output join job on uuid = job_uuid
   where not ended and target_validator_hotkey = $1 and not exists (
     select from job_status entry where entry.job_uuid = job.uuid and entry.status = any ($2)
     and entry.created_at < now() - ${askedFor}
   ) order by job.created_at desc limit 2000`,
);

const complete = new PreparedStatement<{ complete: boolean }>(
  `select not exists (select from job_output where job_uuid = $1 and not ended) or exists (
     select from job_status where job_uuid = $1 and status = any ($2) and created_at < now() - ${lateBy}
   ) as complete`,
);
