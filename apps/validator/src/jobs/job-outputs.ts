import { Injectable } from '@nestjs/common';
import {
  Database,
  Doorbell,
  JobOutputStore,
  keepWantedOutput,
  OutputBell,
  PreparedStatement,
  type StreamPosition,
} from '@horde/database';
import { isCanonicalUuid, type JobOutputRequest, type OutputStream } from '@horde/protocol';
import type { OutputPart, OutputSink, OutputSource } from '@horde/transport';

/** The doorbell's channel for jobs whose output is wanted from now on; the payload is the job's uuid. */
const wantedChannel = 'output-wanted';

/** Who is at a job, and how far its output is stored. */
export interface UnfinishedOutput {
  job_uuid: string;
  /** What the job is called towards its miner. */
  uuid: string;
  miner_hotkey: string;
  miner_ip: string;
  miner_port: number;
}

/** What jobs print, between the miners that have it and the facilitators that ask for it. */
@Injectable()
export class JobOutputs implements OutputSink, OutputSource {
  readonly store: JobOutputStore;
  private readonly bell: OutputBell;
  private readonly awaited = new Map<string, () => void>();
  private isListening = false;

  constructor(
    private readonly database: Database,
    private readonly doorbell: Doorbell,
  ) {
    this.store = new JobOutputStore(database, isOver);
    this.bell = new OutputBell(database, doorbell);
  }

  /**
   * A facilitator asks for a job's output: from the first time on, it is kept.
   *
   * @param isKnown it has asked for this job's output on the same connection before
   * @returns false when it has no such job here
   */
  async asked(
    facilitator: string,
    { job_uuid: job, stream, offset, credit }: JobOutputRequest,
    isKnown: boolean,
  ): Promise<boolean> {
    if (!isKnown && !(await this.isKept(facilitator, job))) return false;
    // It has all that it wants.
    if (credit === 0) await this.store.free(job, stream, offset);
    return true;
  }

  private async isKept(facilitator: string, job: string): Promise<boolean> {
    if (!isCanonicalUuid(job)) return false;
    return this.database.single(async (tx) => {
      const [own] = await keepWanted.run(tx.manager, [job, facilitator]);
      if (own?.isFirst) this.doorbell.ring(tx, wantedChannel, job);
      return own !== undefined;
    });
  }

  /** Calls back when a job's output is wanted from now on. Returns a function that ends it. */
  whenWanted(job: string, wanted: () => void): () => void {
    if (!this.isListening)
      this.doorbell.on(wantedChannel, (one) => {
        if (one !== null) this.awaited.get(one)?.();
        else for (const each of this.awaited.values()) each();
      });
    this.isListening = true;
    this.awaited.set(job, wanted);
    return () => {
      if (this.awaited.get(job) === wanted) this.awaited.delete(job);
    };
  }

  /** Its miner is about to be asked for the output. @returns how much of it is stored; none: it is not wanted */
  async follow(job: string): Promise<StreamPosition[]> {
    const rows = await follow.run(this.database.manager, [job]);
    return rows.map((row) => ({ ...row, received: Number(row.received) }));
  }

  /** Jobs that ended a while ago, and whose output has not all come. @param age how long ago at least. @unit seconds */
  unfinished(age: number): Promise<UnfinishedOutput[]> {
    return this.database.manager.query<UnfinishedOutput[]>(unfinished, [age]);
  }

  async append(job: string, stream: OutputStream, part: OutputPart): Promise<void> {
    await this.store.append(job, stream, part);
    this.bell.ring(job);
  }

  async read(job: string, stream: OutputStream, offset: number, max: number): Promise<OutputPart | null> {
    const part = await this.store.read(job, stream, offset, max);
    return part === undefined ? { offset, data: Buffer.alloc(0), end: true } : part;
  }

  /** Calls `listener` when more of a job's output is stored; null: of any job's. Returns a function that ends it. */
  onStored(listener: (job: string | null) => void): () => void {
    return this.bell.on(listener);
  }
}

/** How long a miner is asked for the rest of an ended job's output. */
const askedFor = `interval '5 minutes'`;

/** Nobody asks a miner for more of it. */
const isOver = `job.ended_at is not null and (not output.followed or job.ended_at < now() - ${askedFor})`;

const keepWanted = keepWantedOutput('facilitator');

const follow = new PreparedStatement<{ stream: OutputStream; received: string; ended: boolean }>(
  'update job_output set followed = true where job_uuid = $1 returning stream, received, ended',
);

const unfinished = `
  select distinct on (job_uuid) job_uuid, attempt.uuid, miner_hotkey, miner_ip, miner_port
  from job_output join job on job.uuid = job_uuid join attempt using (job_uuid)
  where not job_output.ended and followed
    and job.ended_at between now() - ${askedFor} and now() - make_interval(secs => $1)
  order by job_uuid, number desc limit 1000`;
