import { Injectable } from '@nestjs/common';
import {
  Database,
  GatheredBell,
  JobOutputStore,
  keepWantedOutput,
  type StreamPosition,
} from '@horde/database';
import { isCanonicalUuid, type JobOutputRequest, type OutputStream } from '@horde/protocol';
import type { OutputPart, OutputSink, OutputSource } from '@horde/transport';
import { DatabaseRetry } from '../database/database-retry.ts';

/** What jobs print, between the executors that have it and the validators that ask for it. */
@Injectable()
export class JobOutputs implements OutputSink, OutputSource {
  readonly store: JobOutputStore;

  constructor(
    private readonly database: Database,
    private readonly retry: DatabaseRetry,
    private readonly bell: GatheredBell,
  ) {
    this.store = new JobOutputStore(database, 'job.ended_at is not null and not job.slot_held');
  }

  /**
   * A validator asks for a job's output: from the first time on, it is kept.
   *
   * @param isKnown it has asked for this job's output on the same connection before
   * @returns whether it has asked for the first time; null: it has no such job here
   */
  async asked(
    hotkey: string,
    { job_uuid: job, stream, offset, credit }: JobOutputRequest,
    isKnown: boolean,
  ): Promise<boolean | null> {
    const isFirst = isKnown ? false : await this.keep(hotkey, job);
    // It has all that it wants.
    if (isFirst !== null && credit === 0) await this.store.free(job, stream, offset);
    return isFirst;
  }

  private async keep(hotkey: string, job: string): Promise<boolean | null> {
    if (!isCanonicalUuid(job)) return null;
    const [own] = await keepWanted.run(this.database.manager, [job, hotkey]);
    return own?.isFirst ?? null;
  }

  /** How much of it has come; none: its validator does not want it. */
  of(job: string): Promise<StreamPosition[]> {
    return this.retry.run(() => this.store.of(job));
  }

  async append(job: string, stream: OutputStream, part: OutputPart): Promise<void> {
    await this.retry.run(() => this.store.append(job, stream, part));
    this.bell.ring('output');
  }

  async read(job: string, stream: OutputStream, offset: number, max: number): Promise<OutputPart | null> {
    const part = await this.retry.run(() => this.store.read(job, stream, offset, max));
    return part === undefined ? { offset, data: Buffer.alloc(0), end: true } : part;
  }
}

const keepWanted = keepWantedOutput('validator_hotkey');
