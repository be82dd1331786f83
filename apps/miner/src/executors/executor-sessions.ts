import { Injectable } from '@nestjs/common';
import type { ExecutorJob, ExecutorSession } from './executor-session.ts';

/** The executors that are connected. The newest connection that shows a token is the one of its executor. */
@Injectable()
export class ExecutorSessions {
  private readonly byToken = new Map<string, ExecutorSession>();
  private readonly byJob = new Map<string, ExecutorSession>();

  /** Makes the session the one of its token. Returns the one that was, if any. */
  claim(session: ExecutorSession): ExecutorSession | null {
    const before = this.byToken.get(session.token) ?? null;
    this.byToken.set(session.token, session);
    return before;
  }

  /** Whether no newer connection has shown the token. */
  isNewest(session: ExecutorSession): boolean {
    return this.byToken.get(session.token) === session;
  }

  attach(session: ExecutorSession, job: ExecutorJob): void {
    session.job = job;
    this.byJob.set(job.uuid, session);
  }

  /** The session is over. Returns whether it was the one of its token. */
  release(session: ExecutorSession): boolean {
    if (session.job && this.byJob.get(session.job.uuid) === session) this.byJob.delete(session.job.uuid);
    return this.isNewest(session) && this.byToken.delete(session.token);
  }

  /** The connection of the job's executor; null when it is not connected. */
  of(job: string): ExecutorSession | null {
    return this.byJob.get(job) ?? null;
  }

  /** Whether the job's executor is connected, or has left frames that are still to be handled. */
  has(job: string): boolean {
    return this.byJob.has(job);
  }

  /** Whether the executor of this token is connected, or is just being let in again. */
  isTaken(token: string): boolean {
    return this.byToken.has(token);
  }
}
