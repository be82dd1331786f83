import { Injectable } from '@nestjs/common';
import type { Job } from '../jobs/job.entity.ts';
import type { ExecutorLink, StartedJob } from '../jobs/links.ts';
import { ExecutorDelivery } from './executor-delivery.ts';
import { ExecutorOutput } from './executor-output.ts';
import { ExecutorSessions } from './executor-sessions.ts';
import { ExecutorSupervisor } from './executor-supervisor.ts';
import { WarmExecutors } from './warm-executors.ts';

/** The executors of jobs, as jobs see them. */
@Injectable()
export class JobExecutors implements ExecutorLink {
  constructor(
    private readonly supervisor: ExecutorSupervisor,
    private readonly warm: WarmExecutors,
    private readonly delivery: ExecutorDelivery,
    private readonly output: ExecutorOutput,
    private readonly sessions: ExecutorSessions,
  ) {}

  get claimsAhead(): boolean {
    return this.supervisor.claimsAhead;
  }

  start(job: StartedJob, claimed: boolean): void {
    this.supervisor.start(job, claimed);
  }

  handOver(job: string, token: string): void {
    this.warm.handOver(job, token);
  }

  ensureStarted({ uuid, executor_token: token }: Pick<Job, 'uuid' | 'executor_token'>): void {
    if (this.supervisor.watches(uuid)) return;
    if (this.warm.isWarm(token)) this.warm.handOver(uuid, token);
    else this.supervisor.startUnlessRunning(uuid);
  }

  ring(job: string): void {
    this.delivery.ring(job);
  }

  askForOutput(job: string): void {
    const session = this.sessions.of(job);
    if (session) this.output.ask(session);
  }

  endsCancelled(job: string): boolean {
    return this.sessions.of(job)?.connection.extensions.has('cancel-1') ?? false;
  }

  stop(job: string): void {
    this.supervisor.stop(job);
  }
}
