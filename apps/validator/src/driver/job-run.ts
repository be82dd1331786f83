import { steadyNow } from '@horde/async';
import type { Logger } from '@horde/operations';
import type { Keypair } from '@horde/identity';
import { HordeError, isTerminal, type JobStatus, type NewJob } from '@horde/protocol';
import { MinerConnection, type ReceivedMessage } from '../miner/miner-connection.ts';
import type { MinerClient } from '../miner/miner-client.ts';
import type { MinerDelivery } from '../miner/miner-delivery.ts';
import { jobEvent } from '../events/job-events.ts';
import type { SystemEvents } from '../events/system-events.ts';
import type { Receipts } from '../receipts/receipts.ts';
import type { Router } from '../routing/router.ts';
import type { Job } from '../jobs/job.entity.ts';
import { MinerRequests } from './miner-requests.ts';
import type { Claim, Jobs } from '../jobs/jobs.ts';
import type { LiveOutput } from './live-output.ts';
import { acceptedReceipt, finishedReceipt, requestOf } from '../jobs/messages.ts';
import { givenUp, rejected, reportOf, type MinerMessage, type Report } from '../jobs/outcome.ts';
import { awaited, deadlineAfter, noScore, scoreOf, stepsTo, type StageLimits } from '../jobs/stages.ts';

/** What a run needs of the rest of the validator. */
export interface RunParts {
  jobs: Jobs;
  router: Router;
  receipts: Receipts;
  delivery: MinerDelivery;
  miners: MinerClient;
  output: LiveOutput;
  events: SystemEvents;
  keypair: Keypair;
  limits: StageLimits;
  logger: Logger;
}

/** A miner that reports while no validator ran gets at least this long to say it again. @unit ms */
const resumeGrace = 5_000;
/** How long the last receipt of a job is tried to be handed over. @unit ms */
const receiptLimit = 10_000;

/** Longest error text of a miner that is kept. @unit characters */
const maxErrorLength = 500;

/** Another run has the job now: this one must not touch it any more. */
class ClaimLost extends Error {}

/** One run of one job, from the stage in which it was found to its end. */
export class JobRun {
  private readonly request: NewJob;
  private readonly claim: Claim;
  private readonly stop = new AbortController();
  /** Found with a miner chosen: an earlier run may have said anything up to the recorded stage. */
  private readonly resumed: boolean;
  private readonly notBefore: number;
  private miner!: MinerConnection;
  private requests!: MinerRequests;
  /** When the current stage began. @unit ms since 1970 */
  private since = steadyNow();
  private everOpen = false;
  private lastError = '';

  constructor(
    private job: Job,
    driver: string,
    private readonly parts: RunParts,
  ) {
    this.request = requestOf(job.request);
    this.claim = { uuid: job.uuid, driver };
    this.resumed = job.miner_hotkey !== null;
    this.notBefore = this.resumed ? steadyNow() + resumeGrace : 0;
  }

  /** Leaves the job as it is, for another run. */
  abort(): void {
    this.stop.abort(new ClaimLost());
  }

  /** The claim no longer holds: another run may have the job. A job that has ended needs no claim. */
  loseClaim(): void {
    if (!isTerminal(this.job.status)) this.abort();
  }

  /** Returns when the job has ended, or when this run must not go on with it. */
  async drive(): Promise<void> {
    try {
      if (await this.chooseMiner()) await this.followMiner();
    } catch (error) {
      if (!(error instanceof ClaimLost) && !this.stop.signal.aborted) throw error;
      this.parts.logger.info('this run leaves the job to another');
    } finally {
      this.miner?.close();
      this.parts.output.forget(this.job.uuid);
    }
  }

  private async chooseMiner(): Promise<boolean> {
    if (this.resumed) {
      this.since = await this.parts.jobs.lastEventAt(this.job.uuid);
    } else {
      const chosen = await this.parts.router.assign(this.claim, this.request, this.stop.signal);
      if (chosen === null) throw new ClaimLost();
      if (chosen instanceof HordeError) {
        await this.end(rejected(chosen));
        return false;
      }
      this.job = chosen;
      this.since = chosen.started_at!.getTime();
    }
    const miner = { hotkey: this.job.miner_hotkey!, ip: this.job.miner_ip!, port: this.job.miner_port! };
    this.parts.logger.info(
      { peer: miner.hotkey, status: this.job.status },
      this.resumed ? 'going on with the job' : 'a miner was chosen',
    );
    const { miners, output } = this.parts;
    this.miner = new MinerConnection(this.job.uuid, miners, miner, this.stop.signal, (piece) =>
      output.take(piece),
    );
    this.requests = new MinerRequests(this.job.uuid, this.request, this.miner, this.parts);
    return true;
  }

  private async followMiner(): Promise<void> {
    while (!isTerminal(this.job.status)) {
      if (!this.miner.open && !(await this.openConnection())) continue;
      const received = await this.miner.next(this.deadline);
      if (received === null) await this.giveUp();
      else if (received.is === 'message') await this.receive(received);
      else if (received.is === 'resume') await this.requests.resumed(received.number, this.job.status);
      else {
        this.parts.logger.warn(`the connection to the miner was lost: ${received.why}`);
        this.requests.lost(received.code);
      }
    }
    await this.deliverReceipt();
  }

  /** @unit ms since 1970 */
  private get deadline(): number {
    return Math.max(this.job.deadline!.getTime(), this.notBefore);
  }

  private get streaming(): boolean {
    return this.request.streaming_details !== null;
  }

  private async openConnection(): Promise<boolean> {
    const persistent = this.everOpen || this.job.status !== 'received';
    if (!(await this.miner.reopen(this.deadline, persistent))) {
      await this.giveUp();
      return false;
    }
    const again = this.everOpen || this.resumed;
    this.everOpen = true;
    await this.requests.begin(this.job, again);
    return true;
  }

  private async receive({ message, number, taken }: ReceivedMessage): Promise<void> {
    const isNew = number === null || number > Number(this.job.miner_number);
    const report = isNew ? this.read(message) : null;
    const steps = report ? stepsTo(this.job.status, report.status, this.streaming) : [];
    if (report) await this.advance(steps, report, number);
    taken();
    if (report && !isTerminal(this.job.status))
      await this.requests.received(report.status, steps, this.job.status);
  }

  /** What the message says about the job; null: nothing. */
  private read(message: MinerMessage): Report | null {
    if (message.message_type === 'GenericError' || message.message_type === 'UnauthorizedError') {
      const words = message.details ?? ('code' in message ? message.code : '');
      this.lastError = words.slice(0, maxErrorLength);
      this.parts.logger.warn({ details: this.lastError }, 'the miner answered with an error');
    }
    return 'job_uuid' in message && message.job_uuid === this.job.uuid ? reportOf(message) : null;
  }

  private async advance(steps: JobStatus[], report: Report, number: number | null): Promise<void> {
    if (isTerminal(report.status) && report.status !== 'completed') return this.end(report);
    if (steps.length === 0) {
      const { status } = this.job;
      return this.parts.logger.debug(
        { status, reported: report.status },
        'the miner reported what changes nothing',
      );
    }
    if (steps.length > 1)
      this.parts.logger.warn({ steps }, 'the miner left out a report; the later one stands for it');
    if (report.status === 'completed') return this.end(report, { implied: steps.slice(0, -1) });
    const now = steadyNow();
    let deadline: number | null = this.job.deadline!.getTime();
    for (const step of steps) deadline = deadlineAfter(step, this.request, this.parts.limits, deadline, now);
    const reports = steps.map((status) => (status === report.status ? report : { status, metadata: null }));
    const change = {
      deadline: new Date(deadline),
      miner_number: number === null ? this.job.miner_number : String(number),
    };
    await this.store(reports, change, now, steps.includes('accepted'));
  }

  private async store(
    reports: Report[],
    change: Pick<Job, 'deadline' | 'miner_number'>,
    now: number,
    accepted: boolean,
  ): Promise<void> {
    const stored = await this.parts.jobs.advance(this.claim, reports, change, async (tx) => {
      if (accepted)
        await this.parts.receipts.issue(tx, acceptedReceipt(this.parties, this.request, this.parts.limits));
    });
    if (!stored) throw new ClaimLost();
    const { status } = reports.at(-1)!;
    this.job = { ...this.job, ...change, status };
    this.since = now;
    this.parts.logger.info({ status }, `the job is ${status}`);
  }

  /**
   * Records the job's end, and the receipt that tells the miner what it has earned.
   *
   * @param implied what the job has passed on its way there
   * @param cancel why the miner, which has not ended the job, is to end it
   */
  private async end(
    report: Report,
    { implied = [], cancel }: { implied?: JobStatus[]; cancel?: string } = {},
  ): Promise<void> {
    const reports = [...implied.map((status) => ({ status, metadata: null })), report];
    const score = report.status === 'completed' ? scoreOf(this.request) : noScore;
    const stored = await this.parts.jobs.advance(this.claim, reports, {}, async (tx) => {
      if (!this.job.miner_hotkey) return;
      if (cancel !== undefined)
        await this.parts.delivery.cancel(tx, this.job.miner_hotkey, this.job.uuid, cancel);
      const payload = finishedReceipt(this.parties, this.job.started_at!.getTime(), score);
      await this.parts.delivery.put(tx, await this.parts.receipts.issue(tx, payload));
      await this.parts.events.recordIn(tx, jobEvent(report, this.parties));
    });
    if (!stored) throw new ClaimLost();
    this.job = { ...this.job, status: report.status };
    this.parts.logger.info({ status: report.status }, `the job has ended: ${report.status}`);
  }

  private giveUp(): Promise<void> {
    const { trouble } = this.miner;
    const miner = `The miner ${this.job.miner_hotkey}`;
    const answer = this.lastError ? ` It said: ${this.lastError}` : '';
    if (!this.everOpen && this.job.status === 'received' && !this.resumed) {
      const { miner_ip: ip, miner_port: port } = this.job;
      const address = `${ip?.includes(':') ? `[${ip}]` : ip}:${port}`;
      return this.end(
        givenUp('miner_connection_failed', `${miner} could not be reached at ${address}: ${trouble}.`),
      );
    }
    const { what, reason } = awaited(this.job.status, this.streaming);
    const seconds = Math.max(1, Math.round((this.deadline - this.since) / 1000));
    const connection = trouble ? ` There was no connection to it at the end: ${trouble}.` : '';
    const cancel = `${miner} did not ${what} within ${seconds} s.`;
    return this.end(givenUp(reason, `${cancel}${connection}${answer}`), { cancel });
  }

  private get parties() {
    return {
      job_uuid: this.job.uuid,
      miner_hotkey: this.job.miner_hotkey!,
      validator_hotkey: this.parts.keypair.address,
    };
  }

  /** What cannot be given now, the miner gets later. */
  private async deliverReceipt(): Promise<void> {
    if (!(this.everOpen || this.resumed)) return;
    this.miner.finish();
    for (const _attempt of [1, 2]) {
      if (!this.miner.open && !(await this.miner.reopen(steadyNow() + receiptLimit, false))) break;
      const link = this.miner.open!;
      const cut = setTimeout(() => link.terminate(), receiptLimit);
      const given = await this.parts.delivery.give(link, this.job.miner_hotkey!, this.job.uuid);
      clearTimeout(cut);
      if (given) return;
      this.miner.close();
    }
    this.parts.logger.warn('the miner could not be given the receipt of the finished job yet');
  }
}
