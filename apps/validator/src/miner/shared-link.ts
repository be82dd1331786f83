import type { JobOutput, JobOutputChunk, JobProgress } from '@horde/protocol';
import type { Closed } from '@horde/transport';
import type { MinerMessage } from '../jobs/outcome.ts';
import type { MinerEnd, MinerLink } from './miner-link.ts';

/** Of so many messages about jobs that are not followed here none is acknowledged; then the connection is cut. */
const maxStrays = 32;

/** What the run of a job does with what its miner says. */
export interface JobEnd {
  /** What the job is called towards the miner. */
  job: string;
  /**
   * Called for each message, in order.
   *
   * @param number on a durable link; null on a plain one
   * @param isRefusal whether it says that the miner does not let us in
   * @returns when what it causes is committed: true; when it is not taken: false. Never rejects
   */
  onMessage: (message: MinerMessage, number: number | null, isRefusal: boolean) => Promise<boolean>;
  /** The miner has all of ours up to this number, and waits for what follows. */
  onResume: (number: number) => void;
  onOutput: (output: JobOutput) => void;
  /** A part of what the job has printed, asked for on `logs-2`. */
  onChunk: (chunk: JobOutputChunk) => void;
  onProgress: (progress: JobProgress) => void;
  /** The connection is gone, and all that the miner had sent before has been told. */
  onLost: (why: Closed) => void;
}

/** A connection to a miner and the jobs that are followed over it: any number where it is durable, else one. */
export class SharedLink {
  private opened: MinerLink | null = null;
  private readonly jobs = new Map<string, JobEnd>();
  /** The miner has taken our authentication. */
  private isAdmitted = false;
  private isRetired = false;
  private strays = 0;
  /** What the miner offers, said while no job was followed. */
  private offer: MinerMessage | null = null;

  /** What is done with what the miner says. */
  readonly end: MinerEnd = {
    onMessage: (message) => this.takePlain(message),
    // What it offers is about no job, and comes with each connection.
    jobsOf: (message) =>
      message.message_type === 'V0ExecutorManifestRequest'
        ? []
        : this.concerned(message).map(({ job }) => job),
    numbered: {
      onMessage: async (message, job, number) => {
        const end = this.jobs.get(job);
        return { committed: end ? end.onMessage(message, number, false) : this.stray() };
      },
      onResume: (job, number) => this.jobs.get(job)?.onResume(number),
    },
  };

  /**
   * @param first the job that it is opened for
   * @param onIdle called when no job is followed any more
   */
  constructor(
    first: JobEnd,
    private readonly onIdle: () => void,
  ) {
    this.jobs.set(first.job, first);
  }

  /** To be called when it is open. */
  use(link: MinerLink): void {
    this.opened = link;
    void link.handled.then((why) => {
      for (const end of this.jobs.values()) end.onLost(why);
      this.jobs.clear();
    });
  }

  /** The connection, once it is open. */
  get link(): MinerLink {
    return this.opened!;
  }

  /** Whether no job is followed over it. */
  get isIdle(): boolean {
    return this.jobs.size === 0;
  }

  /** Whether further jobs can be followed over it. */
  get isShared(): boolean {
    return this.link.isDurable && this.link.isOpen && !this.isRetired;
  }

  /** Follows one more job. @returns false when that takes another connection */
  join(end: JobEnd): boolean {
    if (!this.isShared || this.jobs.has(end.job)) return false;
    this.jobs.set(end.job, end);
    if (this.offer) void end.onMessage(this.offer, null, false);
    this.offer = null;
    return true;
  }

  /**
   * Follows a job no longer.
   *
   * @param isSettled whether nothing more is to be said about it: a job that is left before may come back, and each is
   * resumed once on a connection
   */
  leave({ job }: JobEnd, isSettled: boolean): void {
    if (!this.jobs.delete(job)) return;
    if (!isSettled) this.isRetired = true;
    if (this.opened && this.jobs.size === 0) this.onIdle();
  }

  private async takePlain(message: MinerMessage): Promise<void> {
    const type = message.message_type;
    if (type === 'V0JobOutput') return this.jobs.get(message.job_uuid)?.onOutput(message);
    if (type === 'V0JobOutputChunk') return this.jobs.get(message.job_uuid)?.onChunk(message);
    if (type === 'V0JobProgress') return this.jobs.get(message.job_uuid)?.onProgress(message);
    if (type === 'V0ExecutorManifestRequest') {
      this.isAdmitted = true;
      if (this.isIdle) this.offer = message;
    }
    // An error before anything else is how miners of all generations refuse an authentication.
    const isRefusal = !this.isAdmitted && (type === 'GenericError' || type === 'UnauthorizedError');
    if (isRefusal) this.isRetired = true;
    await Promise.all(this.concerned(message).map((end) => end.onMessage(message, null, isRefusal)));
  }

  /** Whom a message without a number is for. */
  private concerned(message: MinerMessage): JobEnd[] {
    const all = [...this.jobs.values()];
    if (all.length < 2) return all;
    if ('job_uuid' in message) return all.filter(({ job }) => job === message.job_uuid);
    return message.message_type === 'V0ExecutorManifestRequest' ? all.slice(0, 1) : all;
  }

  /** It is about a job whose run is over here; another process may follow it, or will, and is to hear it. */
  private async stray(): Promise<boolean> {
    if (++this.strays >= maxStrays) this.opened?.terminate();
    return false;
  }
}
