import { steadyNow } from '@horde/async';
import { errors, isTerminal, JobProgress, make, type JobStatus } from '@horde/protocol';
import type { Transaction } from '@horde/database';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { acceptedReceipt } from '../jobs/messages.ts';
import { cancelled, givenUp, reportOf, type MinerMessage, type Report } from '../jobs/outcome.ts';
import { costOf, deadlineAfter, stepsTo } from '../jobs/stages.ts';
import { Interrupted, MinerConnection, type ReceivedMessage } from '../miner/miner-connection.ts';
import { AttemptOutput } from './attempt-output.ts';
import { ClaimLost } from './claim-lost.ts';
import { conclude, type Leaving } from './conclude.ts';
import { fetchRest } from './fetch-rest.ts';
import { handOverReceipt } from './hand-over-receipt.ts';
import { MinerRequests } from './miner-requests.ts';
import { MinerTrouble } from './miner-trouble.ts';
import type { RunParts } from './run-parts.ts';
import type { RunScope } from './run-scope.ts';

/** A miner that reports while no validator ran gets at least this long to say it again. @unit ms */
const resumeGrace = 5_000;
/** How often a miner that did not answer is called again where no other can be asked, as ComputeHorde's validators do. */
const moreCalls = 4;
/** So many times a miner may lose the connection before it has answered, until another is asked. */
const maxLosses = 2;
/** How long the rest of what a job has printed is waited for, beside its receipt. @unit ms */
const outputLimit = 10_000;

/** The exchange with one miner about a job, from the stage in which it was found to the end, or to another miner. */
export class AttemptRun {
  private readonly miner: MinerConnection;
  private readonly requests: MinerRequests;
  private readonly trouble: MinerTrouble;
  private readonly output: AttemptOutput;
  /** Ends what waits for the output to be wanted. */
  private readonly unwanted: () => void;
  private readonly notBefore: number;
  private since: number;
  private everOpen = false;
  private isRefused = false;
  private losses = 0;
  /** The job is no longer this miner's. */
  private isLeft = false;
  private cancelledBy: string | null = null;

  constructor(
    /** The job's status. */
    public status: JobStatus,
    private attempt: Attempt,
    private readonly scope: RunScope,
    private readonly parts: RunParts,
  ) {
    const { uuid, job_uuid, miner_hotkey: hotkey, miner_ip: ip, miner_port: port } = attempt;
    const { links, output, outputs, progress, logger } = parts;
    const address = { hotkey, ip, port };
    this.output = new AttemptOutput(job_uuid, uuid, parts);
    this.unwanted = outputs.whenWanted(job_uuid, () => this.askForOutput());
    this.miner = new MinerConnection(
      uuid,
      links,
      address,
      scope.signal,
      (piece) => output.take({ ...piece, job_uuid }),
      (chunk) => this.output.take(chunk),
      (transfer) => progress.take(make(JobProgress, { ...transfer, job_uuid })),
    );
    this.trouble = new MinerTrouble(attempt, this.miner);
    this.requests = new MinerRequests(uuid, scope.request, this.miner, parts);
    this.since = scope.since;
    this.notBefore = scope.resumed ? steadyNow() + resumeGrace : 0;
    logger.info(
      { status, attempt: attempt.number },
      scope.resumed ? 'going on with the job' : 'a miner was chosen',
    );
  }

  /** Returns when the job has ended, or is no longer this miner's. */
  async follow(): Promise<void> {
    try {
      while (!isTerminal(this.status) && !this.isLeft) {
        if (this.cancelledBy !== null) await this.endCancelled(this.cancelledBy);
        else await this.step().catch(unlessInterrupted);
      }
    } catch (error) {
      this.unwanted();
      this.miner.close(false);
      throw error;
    }
  }

  /** Ends the job, whatever the miner is doing. */
  cancel(by: string): void {
    this.cancelledBy ??= by;
    this.miner.interrupt();
  }

  /** To be called after `follow`: gives the miner its receipt, now or later, and leaves the connection. Never rejects. */
  async part(): Promise<void> {
    this.unwanted();
    if (!(this.everOpen || this.scope.resumed)) return this.miner.close(false);
    const { delivery, logger } = this.parts;
    try {
      const rest = this.output.rest(outputLimit, this.scope.signal);
      if (!(await handOverReceipt(this.miner, this.attempt, delivery, rest)))
        logger.warn('the miner could not be given the receipt of the finished job yet');
      // The connection was lost meanwhile. Who follows the job is told its end soon, with or without the rest.
      if (this.output.isLacking) await fetchRest(this.attempt, this.parts, this.scope.signal);
    } catch (error) {
      if (!this.scope.signal.aborted)
        logger.error({ error }, 'the receipt of the finished job could not be handed over');
    }
  }

  private async step(): Promise<void> {
    if (!this.miner.open && !(await this.openConnection())) return;
    const received = await this.miner.next(this.deadline);
    if (received === null) return this.giveUp();
    if (received.is === 'message') return this.receive(received);
    if (received.is === 'resume') return this.requests.resumed(received.number, this.status);
    this.parts.logger.warn(`the connection to the miner was lost: ${received.why}`);
    this.requests.lost(received.code);
    if (++this.losses === maxLosses) await this.passOver({ report: this.trouble.unreachable() });
  }

  /** @unit ms since 1970 */
  private get deadline(): number {
    return Math.max(this.attempt.deadline!.getTime(), this.notBefore);
  }

  private get streaming(): boolean {
    return this.scope.request.streaming_details !== null;
  }

  private async openConnection(): Promise<boolean> {
    const isOpen =
      this.everOpen || this.status !== 'received'
        ? await this.miner.reopen(this.deadline, Number.MAX_SAFE_INTEGER)
        : await this.openFirst();
    if (!isOpen) {
      if (!this.isLeft) await this.giveUp();
      return false;
    }
    const again = this.everOpen || this.scope.resumed;
    this.everOpen = true;
    await this.requests.begin(this.status, this.attempt, again);
    this.askForOutput();
    return true;
  }

  /** Another miner is asked at once when this one does not answer; where there is none, it is called again. */
  private async openFirst(): Promise<boolean> {
    if (await this.miner.reopen(this.deadline, 1)) return true;
    if (await this.passOver({ report: this.trouble.unreachable() })) return false;
    return this.miner.reopen(this.deadline, moreCalls);
  }

  private async receive({ message, number, isRefusal, taken }: ReceivedMessage): Promise<void> {
    if (message.message_type === 'V0ExecutorManifestRequest')
      await this.parts.manifests.keep(this.attempt.miner_hotkey, message.manifest);
    if (message.message_type === 'V0MachineSpecsRequest' && this.isOfJob(message))
      await this.parts.machines.pass(this.attempt, message);
    const forgery = this.forgery(message);
    if (forgery !== null) {
      await this.end({ report: givenUp('streaming_failed', forgery), cancel: forgery });
      return taken();
    }
    const isNew = number === null || number > Number(this.attempt.miner_number);
    const report = isNew ? this.read(message) : null;
    const steps = report ? stepsTo(this.status, report.status, this.streaming) : [];
    if (report) await this.advance(steps, report, number);
    taken();
    if (isRefusal && !this.isRefused) await this.refused();
    if (report && !this.isLeft && !isTerminal(this.status))
      await this.requests.received(report.status, steps, this.status);
  }

  /** What the message says about the job; null: nothing. */
  private read(message: MinerMessage): Report | null {
    const details = this.trouble.hear(message);
    if (details !== null) this.parts.logger.warn({ details }, 'the miner answered with an error');
    return this.isOfJob(message) ? reportOf(message) : null;
  }

  private isOfJob(message: MinerMessage): boolean {
    return 'job_uuid' in message && message.job_uuid === this.attempt.uuid;
  }

  /** Why the job ends with this message: the miner has not signed the address that it tells. null: it does not. */
  private forgery(message: MinerMessage): string | null {
    if (message.message_type !== 'V0StreamingJobReadyRequest' || !this.streaming || !this.isOfJob(message))
      return null;
    return this.parts.addresses.problem(message, this.attempt.miner_hotkey);
  }

  /** The miner does not let us in; some tell it more than once. */
  private async refused(): Promise<void> {
    this.isRefused = true;
    await this.passOver({ report: this.trouble.refusal(), outcome: 'refused' });
  }

  private async advance(steps: JobStatus[], report: Report, number: number | null): Promise<void> {
    if (report.status === 'rejected' && this.status === 'received') return this.leave({ report });
    if (isTerminal(report.status) && report.status !== 'completed') return this.end({ report });
    if (steps.length === 0) {
      const { status } = this;
      return this.parts.logger.debug(
        { status, reported: report.status },
        'the miner reported what changes nothing',
      );
    }
    if (steps.length > 1)
      this.parts.logger.warn({ steps }, 'the miner left out a report; the later one stands for it');
    if (report.status === 'completed') return this.end({ report }, steps.slice(0, -1));
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
    const following = [attempts.noted(this.attempt, change)];
    if (accepted) following.push(receipts.issued(acceptedReceipt(this.parties, request, limits)));
    if (!(await jobs.step(claim, reports, following))) throw new ClaimLost();
    this.status = reports.at(-1)!.status;
    this.attempt = { ...this.attempt, ...change };
    this.since = now;
    if (accepted) this.askForOutput();
    logger.info({ status: this.status }, `the job is ${this.status}`);
  }

  /** Asks a miner that has accepted the job, in the background, for what is wanted of its output. */
  private askForOutput(): void {
    const link = this.miner.open;
    if (!link || this.status === 'received') return;
    void this.output.ask(link, this.scope.signal);
  }

  /** Takes the job from the miner, which has not accepted it. */
  private async leave(leaving: Leaving): Promise<void> {
    const ended = await this.scope.leave((tx) => this.conclude(tx, leaving), leaving.report);
    this.isLeft = true;
    const { message } = attemptEndOf(leaving.report);
    this.parts.logger.info(`the miner does not run the job: ${message}`);
    if (!ended) return;
    this.status = ended.status;
    this.parts.logger.info({ status: this.status }, `the job has ended: ${this.status}`);
  }

  /** Leaves the miner for another one. @returns false when there is none, or the miner has accepted the job */
  private async passOver(leaving: Leaving): Promise<boolean> {
    if (this.status !== 'received') return false;
    this.isLeft = await this.scope.passOver((tx) => this.conclude(tx, leaving));
    if (!this.isLeft) return false;
    const { message } = attemptEndOf(leaving.report);
    this.parts.logger.info(`another miner is asked: ${message}`);
    return true;
  }

  /** Records the job's end. @param implied what the job has passed on its way there */
  private async end(leaving: Leaving, implied: JobStatus[] = []): Promise<void> {
    const { report } = leaving;
    const { jobs, logger } = this.parts;
    const reports = [...implied.map((status) => ({ status, metadata: null })), report];
    if (!(await jobs.advance(this.scope.claim, reports, (tx) => this.conclude(tx, leaving))))
      throw new ClaimLost();
    this.status = report.status;
    logger.info({ status: report.status }, `the job has ended: ${report.status}`);
  }

  private conclude(tx: Transaction, leaving: Leaving): Promise<void> {
    return conclude(tx, this.attempt, leaving, this.scope, this.parts);
  }

  private async endCancelled(by: string): Promise<void> {
    const report = cancelled(by, this.status);
    const cancel = errors.JOB_CANCELLED(by).message;
    await this.end({ report, outcome: 'cancelled', cancel, by, used: await this.secondsUsed() });
  }

  /**
   * How long the job has had an executor that was ready, in whole seconds: nobody runs for nothing by cancelling.
   * ComputeHorde's validators stop scoring at a receipt whose score is no whole number.
   */
  private async secondsUsed(): Promise<number> {
    const { request } = this.scope;
    const readyAt = await this.parts.jobs.statusAt(this.attempt.job_uuid, 'executor_ready');
    if (readyAt === null || request.on_trusted_miner) return 0;
    return Math.min(costOf(request), Math.max(0, Math.ceil((steadyNow() - readyAt) / 1000)));
  }

  private giveUp(): Promise<void> {
    if (!this.everOpen && this.status === 'received' && !this.scope.resumed)
      return this.leave({ report: this.trouble.unreachable() });
    const late = this.trouble.late(this.status, this.streaming, this.deadline - this.since);
    return this.status === 'received' ? this.leave(late) : this.end(late);
  }

  /** Who the receipts are about. */
  private get parties() {
    return {
      job_uuid: this.attempt.uuid,
      miner_hotkey: this.attempt.miner_hotkey,
      validator_hotkey: this.parts.keypair.address,
    };
  }
}

/** A wait that was interrupted is over; anything else is an error. */
function unlessInterrupted(error: unknown): void {
  if (!(error instanceof Interrupted)) throw error;
}
