import { Injectable } from '@nestjs/common';
import { steadyNow } from '@horde/async';
import type { Transaction } from '@horde/database';
import { Keypair } from '@horde/identity';
import { uuidInTraceOf } from '@horde/tracing';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { Attempts } from '../jobs/attempts.ts';
import { Jobs } from '../jobs/jobs.ts';
import { startedReceipt } from '../jobs/messages.ts';
import { cancelled, type Report } from '../jobs/outcome.ts';
import { acceptBy } from '../jobs/stages.ts';
import { WaitingJobs, type WaitingJob } from '../jobs/waiting-jobs.ts';
import { Receipts } from '../receipts/receipts.ts';
import type { Choice, ChosenMiner, NoMiner } from '../routing/choice.ts';
import { Router } from '../routing/router.ts';
import { ValidatorSettings } from '../settings.ts';
import { askedMiners, nextAsk, resting } from './asking-again.ts';
import { FreshLook } from './fresh-look.ts';
import { lease } from './lease.ts';
import { endInVain } from './end-in-vain.ts';

/** What became of a job that a miner was looked for. */
export type Found =
  | { is: 'begun'; attempt: Attempt }
  /** `none`: nothing but the miners that were asked before stands in the way of others that want the same. */
  | { is: 'waits'; none: NoMiner | null }
  | { is: 'ended'; report: Report };

/** Who looks for a miner. */
interface Search {
  /** The run that drives the job once it has one. */
  driver: string;
  /** The run that drives it now; null: nobody does. */
  holder: string | null;
  /** What the miner that was asked last said, or is said of it. @default what is stored of it */
  last?: Report;
  /** What a look for others that want the same has come to a moment ago. */
  known?: NoMiner;
}

/**
 * Gives jobs to miners: asks the router for one, and stores the attempt there with its first receipt, or what the job
 * waits for, or its end.
 */
@Injectable()
export class NextMiner {
  constructor(
    private readonly jobs: Jobs,
    private readonly waiting: WaitingJobs,
    private readonly attempts: Attempts,
    private readonly receipts: Receipts,
    private readonly router: Router,
    private readonly fresh: FreshLook,
    private readonly keypair: Keypair,
    private readonly config: ValidatorConfig,
    private readonly settings: ValidatorSettings,
  ) {}

  /** Looks for the next miner of a job whose row the transaction has locked. */
  async find(tx: Transaction, job: WaitingJob, { driver, holder, last, known }: Search): Promise<Found> {
    if (job.cancelled_by !== null) return this.end(tx, job, holder, cancelled(job.cancelled_by, 'received'));
    const before = job.was_asked ? await this.attempts.in(tx, job.uuid) : [];
    const name = before.length === 0 ? job.uuid : uuidInTraceOf(job.uuid);
    const choice = known && before.length === 0 ? known : await this.choose(tx, job, before, name);
    if (choice?.is === 'miner') {
      const attempt = this.begin(tx, job, before.length + 1, name, choice);
      this.waiting.began(tx, job.uuid, driver, lease);
      return { is: 'begun', attempt };
    }
    const lookAt = this.lookAgainAt(job, before, choice);
    if (lookAt) {
      const sentence = choice?.error.message ?? before.at(-1)?.message ?? '';
      await this.waiting.wait(tx, job.uuid, sentence, lookAt);
      if (choice?.is === 'reject' && before.length === 0) tx.afterCommit(() => this.fresh.begin(job.uuid));
      return { is: 'waits', none: before.length === 0 && choice?.is === 'wait' ? choice : null };
    }
    return this.end(tx, job, holder, endInVain(before, choice, last));
  }

  private async end(
    tx: Transaction,
    { uuid }: WaitingJob,
    holder: string | null,
    report: Report,
  ): Promise<Found> {
    await this.jobs.advanceIn(tx, { uuid, driver: holder }, [report]);
    return { is: 'ended', report };
  }

  /**
   * Gives a job to another miner than it has, if there is one.
   *
   * @param conclude stores the end of the attempt before
   * @returns null when there is none; nothing is stored then
   */
  async another(
    tx: Transaction,
    job: WaitingJob,
    driver: string,
    conclude: (tx: Transaction) => Promise<void>,
  ): Promise<Attempt | null> {
    if (job.cancelled_by !== null) return null;
    const before = await this.attempts.in(tx, job.uuid);
    const name = uuidInTraceOf(job.uuid);
    const choice = await this.choose(tx, job, before, name);
    if (choice?.is !== 'miner') return null;
    await conclude(tx);
    this.waiting.began(tx, job.uuid, driver, lease);
    return this.begin(tx, job, before.length + 1, name, choice);
  }

  /** null: no miner may be asked. */
  private async choose(
    tx: Transaction,
    job: WaitingJob,
    before: Attempt[],
    attempt: string,
  ): Promise<Choice | null> {
    const { jobMaxMiners, jobWaitLimit } = this.settings;
    const wanted = { ...job.wanted, uuid: job.uuid };
    if (before.length > 0 && jobWaitLimit === 0) return null;
    const asked = askedMiners(before);
    const excluded = resting(before, job.now);
    if (asked.size < jobMaxMiners) return this.router.choose(tx, wanted, { attempt, excluded });
    const only = new Set([...asked].filter((hotkey) => !excluded.has(hotkey)));
    return only.size === 0 ? null : this.router.choose(tx, wanted, { attempt, excluded, only });
  }

  /** When to look again, where that can help; null: it cannot, or the job has waited long enough. */
  private lookAgainAt(job: WaitingJob, before: Attempt[], choice: NoMiner | null): Date | null {
    if (before.length === 0 && choice?.is === 'reject')
      return choice.error.retryable && !this.fresh.isDone(job.uuid) ? this.fresh.until(job.now) : null;
    const { jobWaitLimit } = this.settings;
    const until = new Date(
      Math.min(job.waits_until.getTime(), job.received_at.getTime() + jobWaitLimit * 1_000),
    );
    if (job.now >= until) return null;
    const again = nextAsk(before, job.now);
    if (!again) return choice?.is === 'wait' ? until : null;
    return again < until ? again : until;
  }

  private begin(
    tx: Transaction,
    job: WaitingJob,
    number: number,
    uuid: string,
    { miner: { hotkey, ip, port }, booking }: ChosenMiner,
  ): Attempt {
    const now = steadyNow();
    const { limits } = this.config;
    const parties = { job_uuid: uuid, miner_hotkey: hotkey, validator_hotkey: this.keypair.address };
    this.receipts.issue(tx, startedReceipt(parties, job.wanted, limits));
    return this.attempts.begin(tx, {
      job_uuid: job.uuid,
      number,
      uuid,
      miner_hotkey: hotkey,
      miner_ip: ip,
      miner_port: port,
      booking_id: booking,
      started_at: new Date(now),
      deadline: new Date(acceptBy(limits, now)),
    });
  }
}
