import { Injectable } from '@nestjs/common';
import { writeFrame } from '@horde/protocol';
import type { Connection } from '@horde/transport';
import type { Job } from '../jobs/job.entity.ts';

/** The connection of a job's executor. */
export class ExecutorSession {
  /** The uuid of its job, once it is known. */
  job: string | null = null;
  /** Resolves when the executor has been sent what it begins with; null before that is known. */
  private begun: Promise<void> | null = null;
  private jobRequest: string | null = null;

  constructor(readonly connection: Connection) {}

  /** Sends what the executor begins with: the initial request, and the job request when it is there. */
  greet(initialRequest: string, jobRequest: string | null): Promise<void> {
    this.jobRequest ??= jobRequest;
    const first = this.jobRequest;
    this.begun = this.connection.sendText(initialRequest).then(async () => {
      if (first !== null) await this.connection.sendText(first);
    });
    return this.begun;
  }

  /** Sends the job request, once, and never before what the executor begins with. */
  async pass(jobRequest: string): Promise<void> {
    if (this.jobRequest !== null) return;
    this.jobRequest = jobRequest;
    if (!this.begun) return; // `greet` sends it
    await this.begun;
    await this.connection.sendText(jobRequest);
  }

  send(message: { message_type: string }): Promise<boolean> {
    return this.connection.sendText(writeFrame(message));
  }
}

/** The executors that are connected, one for each job. */
@Injectable()
export class ExecutorSessions {
  private readonly byToken = new Map<string, ExecutorSession>();
  private readonly byJob = new Map<string, ExecutorSession>();

  /** Makes the session the one of its token; false when another is. */
  claim(token: string, session: ExecutorSession): boolean {
    if (this.byToken.has(token)) return false;
    this.byToken.set(token, session);
    return true;
  }

  attach(job: Job, session: ExecutorSession): void {
    session.job = job.uuid;
    this.byJob.set(job.uuid, session);
  }

  /** The session is over, if it ever was the one of its token. */
  release(token: string, session: ExecutorSession): void {
    if (this.byToken.get(token) !== session) return;
    this.byToken.delete(token);
    if (session.job) this.byJob.delete(session.job);
  }

  /** Whether the job's executor is connected, or has left frames that are still to be handled. */
  has(job: string): boolean {
    return this.byJob.has(job);
  }

  /** Whether the executor of this token is connected, or is just being let in again. */
  isTaken(token: string): boolean {
    return this.byToken.has(token);
  }

  /** Passes a job request to the job's executor. One that is not connected gets it when it connects. */
  async pass(job: string, jobRequest: string): Promise<void> {
    await this.byJob.get(job)?.pass(jobRequest);
  }
}
