import { steadyNow } from '@horde/async';
import { isTerminal, type JobStatus, type NewJob } from '@horde/protocol';
import { jobEvent } from '../events/job-events.ts';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import type { Attempt } from '../jobs/attempt.entity.ts';
import type { Claim } from '../jobs/jobs.ts';
import { acceptedReceipt, finishedReceipt } from '../jobs/messages.ts';
import { givenUp, reportOf, type MinerMessage, type Report } from '../jobs/outcome.ts';
import { awaited, deadlineAfter, noScore, scoreOf, stepsTo } from '../jobs/stages.ts';
import { MinerConnection, type ReceivedMessage } from '../miner/miner-connection.ts';
import { MinerRequests } from './miner-requests.ts';
import { ClaimLost, type RunParts } from './run-parts.ts';

/** A miner that reports while no validator ran gets at least this long to say it again. @unit ms */
const resumeGrace = 5_000;
/** How long the last receipt of an attempt is tried to be handed over. @unit ms */
const receiptLimit = 10_000;

/** Longest error text of a miner that is kept. @unit characters */
const maxErrorLength = 500;

/** What of a job's run an attempt's run works within. */
export interface RunScope {
  claim: Claim;
  request: NewJob;
  /** Ends the run, and leaves the job as it is. */
  signal: AbortSignal;
  /** Found as it is: an earlier run may have said anything up to the recorded stage. */
  resumed: boolean;
  /** When the current stage began. @unit ms since 1970 */
  since: number;
}

/** The talk with one miner about a job, from the stage in which it was found to the end. */
export class AttemptRun {
  private readonly miner: MinerConnection;
  private readonly requests: MinerRequests;
  private readonly notBefore: number;
  private since: number;
  private everOpen = false;
  private lastError = '';

  constructor(
    /** The job's status. */
    public status: JobStatus,
    private attempt: Attempt,
    private readonly scope: RunScope,
    private readonly parts: RunParts,
  ) {
    const { uuid, job_uuid, miner_hotkey: hotkey, miner_ip: ip, miner_port: port } = attempt;
    const { miners, output, logger } = parts;
    const address = { hotkey, ip, port };
    this.miner = new MinerConnection(uuid, miners, address, scope.signal, (piece) =>
      output.take({ ...piece, job_uuid }),
    );
    this.requests = new MinerRequests(uuid, scope.request, this.miner, parts);
    this.since = scope.since;
    this.notBefore = scope.resumed ? steadyNow() + resumeGrace : 0;
    logger.info(
      { peer: hotkey, status, attempt: attempt.number },
      scope.resumed ? 'going on with the job' : 'a miner was chosen',
    );
  }

  /** Returns when the job has ended. */
  async follow(): Promise<void> {
    try {
      while (!isTerminal(this.status)) {
        if (!this.miner.open && !(await this.openConnection())) continue;
        const received = await this.miner.next(this.deadline);
        if (received === null) await this.giveUp();
        else if (received.is === 'message') await this.receive(received);
        else if (received.is === 'resume') await this.requests.resumed(received.number, this.status);
        else {
          this.parts.logger.warn(`the connection to the miner was lost: ${received.why}`);
          this.requests.lost(received.code);
        }
      }
      await this.deliverReceipt();
    } finally {
      this.miner.close();
    }
  }

  /** @unit ms since 1970 */
  private get deadline(): number {
    return Math.max(this.attempt.deadline!.getTime(), this.notBefore);
  }

  private get streaming(): boolean {
    return this.scope.request.streaming_details !== null;
  }

  private async openConnection(): Promise<boolean> {
    const persistent = this.everOpen || this.status !== 'received';
    if (!(await this.miner.reopen(this.deadline, persistent))) {
      await this.giveUp();
      return false;
    }
    const again = this.everOpen || this.scope.resumed;
    this.everOpen = true;
    await this.requests.begin(this.status, this.attempt, again);
    return true;
  }

  private async receive({ message, number, taken }: ReceivedMessage): Promise<void> {
    const isNew = number === null || number > Number(this.attempt.miner_number);
    const report = isNew ? this.read(message) : null;
    const steps = report ? stepsTo(this.status, report.status, this.streaming) : [];
    if (report) await this.advance(steps, report, number);
    taken();
    if (report && !isTerminal(this.status)) await this.requests.received(report.status, steps, this.status);
  }

  /** What the message says about the job; null: nothing. */
  private read(message: MinerMessage): Report | null {
    if (message.message_type === 'GenericError' || message.message_type === 'UnauthorizedError') {
      const words = message.details ?? ('code' in message ? message.code : '');
      this.lastError = words.slice(0, maxErrorLength);
      this.parts.logger.warn({ details: this.lastError }, 'the miner answered with an error');
    }
    return 'job_uuid' in message && message.job_uuid === this.attempt.uuid ? reportOf(message) : null;
  }

  private async advance(steps: JobStatus[], report: Report, number: number | null): Promise<void> {
    if (isTerminal(report.status) && report.status !== 'completed') return this.end(report);
    if (steps.length === 0) {
      const { status } = this;
      return this.parts.logger.debug(
        { status, reported: report.status },
        'the miner reported what changes nothing',
      );
    }
    if (steps.length > 1)
      this.parts.logger.warn({ steps }, 'the miner left out a report; the later one stands for it');
    if (report.status === 'completed') return this.end(report, { implied: steps.slice(0, -1) });
    const now = steadyNow();
    let deadline: number | null = this.attempt.deadline!.getTime();
    for (const step of steps)
      deadline = deadlineAfter(step, this.scope.request, this.parts.limits, deadline, now);
    const reports = steps.map((status) => (status === report.status ? report : { status, metadata: null }));
    const change = {
      deadline: new Date(deadline),
      miner_number: number === null ? this.attempt.miner_number : String(number),
    };
    await this.store(reports, change, now, steps.includes('accepted'));
  }

  private async store(
    reports: Report[],
    change: Pick<Attempt, 'deadline' | 'miner_number'>,
    now: number,
    accepted: boolean,
  ): Promise<void> {
    const { jobs, attempts, receipts, limits, logger } = this.parts;
    const { claim, request } = this.scope;
    const stored = await jobs.advance(claim, reports, async (tx) => {
      await attempts.note(tx, this.attempt, change);
      if (accepted) await receipts.issue(tx, acceptedReceipt(this.parties, request, limits));
    });
    if (!stored) throw new ClaimLost();
    this.status = reports.at(-1)!.status;
    this.attempt = { ...this.attempt, ...change };
    this.since = now;
    logger.info({ status: this.status }, `the job is ${this.status}`);
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
    const { jobs, attempts, delivery, receipts, events, logger } = this.parts;
    const { miner_hotkey, uuid, job_uuid, started_at } = this.attempt;
    const reports = [...implied.map((status) => ({ status, metadata: null })), report];
    const score = report.status === 'completed' ? scoreOf(this.scope.request) : noScore;
    const stored = await jobs.advance(this.scope.claim, reports, async (tx) => {
      if (cancel !== undefined) await delivery.cancel(tx, miner_hotkey, uuid, cancel);
      const payload = finishedReceipt(this.parties, started_at.getTime(), score);
      await delivery.put(tx, await receipts.issue(tx, payload));
      await attempts.end(tx, this.attempt, attemptEndOf(report));
      await events.recordIn(tx, jobEvent(report, { job_uuid, miner_hotkey }));
    });
    if (!stored) throw new ClaimLost();
    this.status = report.status;
    logger.info({ status: report.status }, `the job has ended: ${report.status}`);
  }

  private giveUp(): Promise<void> {
    const { trouble } = this.miner;
    const { miner_hotkey, miner_ip: ip, miner_port: port } = this.attempt;
    const miner = `The miner ${miner_hotkey}`;
    const answer = this.lastError ? ` It said: ${this.lastError}` : '';
    if (!this.everOpen && this.status === 'received' && !this.scope.resumed) {
      const address = `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
      return this.end(
        givenUp('miner_connection_failed', `${miner} could not be reached at ${address}: ${trouble}.`),
      );
    }
    const { what, reason } = awaited(this.status, this.streaming);
    const seconds = Math.max(1, Math.round((this.deadline - this.since) / 1000));
    const connection = trouble ? ` There was no connection to it at the end: ${trouble}.` : '';
    const cancel = `${miner} did not ${what} within ${seconds} s.`;
    return this.end(givenUp(reason, `${cancel}${connection}${answer}`), { cancel });
  }

  /** Who the receipts are about. */
  private get parties() {
    return {
      job_uuid: this.attempt.uuid,
      miner_hotkey: this.attempt.miner_hotkey,
      validator_hotkey: this.parts.keypair.address,
    };
  }

  /** What cannot be given now, the miner gets later. */
  private async deliverReceipt(): Promise<void> {
    if (!(this.everOpen || this.scope.resumed)) return;
    this.miner.finish();
    for (const _attempt of [1, 2]) {
      if (!this.miner.open && !(await this.miner.reopen(steadyNow() + receiptLimit, false))) break;
      const link = this.miner.open!;
      const cut = setTimeout(() => link.terminate(), receiptLimit);
      const given = await this.parts.delivery.give(link, this.attempt.miner_hotkey, this.attempt.uuid);
      clearTimeout(cut);
      if (given) return;
      this.miner.close();
    }
    this.parts.logger.warn('the miner could not be given the receipt of the finished job yet');
  }
}
