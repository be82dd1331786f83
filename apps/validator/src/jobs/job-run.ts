import type { Logger } from '@horde/operations';
import type { Keypair } from '@horde/identity';
import {
  HordeError,
  isTerminal,
  JobAcceptedReceipt,
  JobFinishedReceipt,
  make,
  type JobAcceptedPayload,
  type JobFinishedPayload,
  type JobStartedPayload,
  type JobStatus,
  type NewJob,
} from '@horde/protocol';
import { Conversation, type Heard } from '../miner/conversation.ts';
import type { MinerClient } from '../miner/miner-client.service.ts';
import type { ReceiptHandover } from '../receipts/receipt-handover.service.ts';
import type { Receipts } from '../receipts/receipts.service.ts';
import type { Router } from '../routing/router.service.ts';
import type { Job } from './job.entity.ts';
import type { Claim, Jobs } from './jobs.service.ts';
import { acceptedReceipt, finishedReceipt, initialJobRequest, jobRequest, requestOf } from './messages.ts';
import { givenUp, rejected, reportOf, type MinerMessage, type Report } from './outcome.ts';
import { awaited, deadlineAfter, noScore, scoreOf, stepsTo, type StageLimits } from './stages.ts';

/** What a run needs of the rest of the validator. */
export interface RunParts {
  jobs: Jobs;
  router: Router;
  receipts: Receipts;
  handover: ReceiptHandover;
  miners: MinerClient;
  keypair: Keypair;
  limits: StageLimits;
  logger: Logger;
}

/** A miner that reports while no validator ran gets at least this long to say it again. @unit ms */
const resumeGrace = 5_000;
/** How long the last receipt of a job is tried to be handed over. @unit ms */
const receiptLimit = 10_000;

/** So much of an error that the miner answered is kept. @unit characters */
const mostLastWords = 500;

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
  private talk!: Conversation;
  /** When the current stage began. @unit ms since 1970 */
  private since = Date.now();
  private everOpen = false;
  private acceptedReceiptSent = false;
  private jobRequestSent = false;
  /** On this connection we said again what was said before, and the miner has not reacted yet. */
  private repeated = false;
  /** ComputeHorde's own miners fail on a repeated message and close the connection with 1011. */
  private minerDislikesRepeats = false;
  private lastWords = '';

  constructor(
    private job: Job,
    driver: string,
    private readonly parts: RunParts,
  ) {
    this.request = requestOf(job.request);
    this.claim = { uuid: job.uuid, driver };
    this.resumed = job.miner_hotkey !== null;
    this.notBefore = this.resumed ? Date.now() + resumeGrace : 0;
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
      this.talk?.close();
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
    this.talk = new Conversation(this.parts.miners, miner, this.stop.signal);
    return true;
  }

  private async followMiner(): Promise<void> {
    while (!isTerminal(this.job.status)) {
      if (!this.talk.isOpen && !(await this.openConnection())) continue;
      const heard = await this.talk.next(this.deadline);
      if (heard === null) await this.giveUp();
      else if (heard.is === 'lost') this.lost(heard);
      else await this.hear(heard.message);
    }
    await this.handOverFinishedReceipt();
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
    if (!(await this.talk.open(this.deadline, persistent))) {
      await this.giveUp();
      return false;
    }
    const again = this.everOpen || this.resumed;
    this.everOpen = true;
    this.repeated = false;
    this.jobRequestSent = false;
    await this.sayWhatIsDue(again);
    return true;
  }

  /** On a new connection: what the miner may not have heard yet. It also tells the miner which job we ask about. */
  private async sayWhatIsDue(again: boolean): Promise<void> {
    if (again && this.minerDislikesRepeats) return;
    this.repeated = again;
    const { status } = this.job;
    if (status === 'received' || status === 'accepted') await this.sendInitialRequest();
    else await this.sendJobRequest();
    if (status === 'accepted' && !this.acceptedReceiptSent) await this.sendAcceptedReceipt();
  }

  private lost({ code, why }: Heard & { is: 'lost' }): void {
    this.parts.logger.warn(`the connection to the miner was lost: ${why}`);
    if (code === 1011 && this.repeated) this.minerDislikesRepeats = true;
  }

  private async hear(message: MinerMessage): Promise<void> {
    if (message.message_type === 'GenericError' || message.message_type === 'UnauthorizedError') {
      const words = message.details ?? ('code' in message ? message.code : '');
      this.lastWords = words.slice(0, mostLastWords);
      return this.parts.logger.warn({ details: this.lastWords }, 'the miner answered with an error');
    }
    if (!('job_uuid' in message) || message.job_uuid !== this.job.uuid) return;
    const report = reportOf(message);
    if (!report) return;
    this.repeated = false;
    if (isTerminal(report.status) && report.status !== 'completed') return this.end(report);
    const steps = stepsTo(this.job.status, report.status, this.streaming);
    if (steps.length > 0) return this.advance(steps, report);
    this.parts.logger.debug(
      { status: this.job.status, reported: report.status },
      'the miner reported what changes nothing',
    );
    // It asks for the job although, for us, it has it: the request went down with an earlier connection.
    if (report.status === 'executor_ready' && this.job.status === 'executor_ready' && !this.jobRequestSent)
      await this.sendJobRequest();
  }

  private async advance(steps: JobStatus[], report: Report): Promise<void> {
    if (steps.length > 1)
      this.parts.logger.warn({ steps }, 'the miner left out a report; the later one stands for it');
    if (report.status === 'completed') return this.end(report, steps.slice(0, -1));
    const now = Date.now();
    let deadline: number | null = this.job.deadline!.getTime();
    for (const step of steps) deadline = deadlineAfter(step, this.request, this.parts.limits, deadline, now);
    const reports = steps.map((status) => (status === report.status ? report : { status, metadata: null }));
    await this.store(reports, new Date(deadline), now, steps.includes('accepted'));
    if (steps.includes('accepted')) await this.sendAcceptedReceipt();
    if (steps.includes('executor_ready')) await this.sendJobRequest();
  }

  private async store(reports: Report[], deadline: Date, now: number, accepted: boolean): Promise<void> {
    const stored = await this.parts.jobs.advance(this.claim, reports, { deadline }, async (tx) => {
      if (accepted)
        await this.parts.receipts.issue(tx, acceptedReceipt(this.parties, this.request, this.parts.limits));
    });
    if (!stored) throw new ClaimLost();
    const { status } = reports.at(-1)!;
    this.job = { ...this.job, status, deadline };
    this.since = now;
    this.parts.logger.info({ status }, `the job is ${status}`);
  }

  /** Records the job's end, and the receipt that tells the miner what it has earned. */
  private async end(report: Report, implied: JobStatus[] = []): Promise<void> {
    const reports = [...implied.map((status) => ({ status, metadata: null })), report];
    const score = report.status === 'completed' ? scoreOf(this.request) : noScore;
    const stored = await this.parts.jobs.advance(this.claim, reports, {}, async (tx) => {
      if (!this.job.miner_hotkey) return;
      const payload = finishedReceipt(this.parties, this.job.started_at!.getTime(), score);
      await this.parts.handover.put(tx, await this.parts.receipts.issue(tx, payload));
    });
    if (!stored) throw new ClaimLost();
    this.job = { ...this.job, status: report.status };
    this.parts.logger.info({ status: report.status }, `the job has ended: ${report.status}`);
  }

  private giveUp(): Promise<void> {
    const { trouble } = this.talk;
    const miner = `The miner ${this.job.miner_hotkey}`;
    const said = this.lastWords ? ` It said: ${this.lastWords}` : '';
    if (!this.everOpen && this.job.status === 'received' && !this.resumed) {
      const address = `${this.job.miner_ip}:${this.job.miner_port}`;
      return this.end(
        givenUp('miner_connection_failed', `${miner} could not be reached at ${address}: ${trouble}.`),
      );
    }
    const { what, reason } = awaited(this.job.status, this.streaming);
    const seconds = Math.max(1, Math.round((this.deadline - this.since) / 1000));
    const connection = trouble ? ` There was no connection to it at the end: ${trouble}.` : '';
    return this.end(givenUp(reason, `${miner} did not ${what} within ${seconds} s.${connection}${said}`));
  }

  private get parties() {
    return {
      job_uuid: this.job.uuid,
      miner_hotkey: this.job.miner_hotkey!,
      validator_hotkey: this.parts.keypair.address,
    };
  }

  private async sendInitialRequest(): Promise<void> {
    const receipt = await this.parts.receipts.find<JobStartedPayload>(this.job.uuid, 'JobStartedReceipt');
    if (!receipt) throw new Error('A miner was chosen for the job, but its first receipt is not there.');
    const { keypair, limits } = this.parts;
    await this.talk.send(initialJobRequest(this.request, receipt, limits, keypair));
  }

  private async sendJobRequest(): Promise<void> {
    this.jobRequestSent = await this.talk.send(jobRequest(this.request, this.parts.keypair));
  }

  private async sendAcceptedReceipt(): Promise<void> {
    const receipt = await this.parts.receipts.find<JobAcceptedPayload>(this.job.uuid, 'JobAcceptedReceipt');
    if (receipt) this.acceptedReceiptSent = await this.talk.send(make(JobAcceptedReceipt, receipt));
  }

  /** When it cannot be given now, the miner gets it later. */
  private async handOverFinishedReceipt(): Promise<void> {
    const receipt = await this.parts.receipts.find<JobFinishedPayload>(this.job.uuid, 'JobFinishedReceipt');
    if (!receipt || !(this.everOpen || this.resumed)) return;
    const message = make(JobFinishedReceipt, receipt);
    if (!(await this.talk.send(message))) {
      this.talk.close();
      const isOpen = await this.talk.open(Date.now() + receiptLimit, false);
      if (!isOpen || !(await this.talk.send(message))) {
        this.parts.logger.warn('the miner could not be given the receipt of the finished job yet');
        return;
      }
    }
    await this.parts.handover.done(this.parties);
  }
}
