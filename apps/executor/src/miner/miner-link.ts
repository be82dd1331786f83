import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { around, clampDelay, doublingPause } from '@horde/async';
import { LOGGER, type Logger } from '@horde/operations';
import { errors, executorPath, minerExecutorExtensions, writeFrame, type JobProgress } from '@horde/protocol';
import { connect } from '@horde/transport';
import type { OutputFeed } from './output-feed.ts';
import { ExecutorSettings } from '../settings.ts';
import { Assignment } from './assignment.ts';
import { KeptOutput } from './kept-output.ts';
import { LiveOutput } from './live-output.ts';
import { SentMessages } from './sent-messages.ts';
import { Session } from './session.ts';

/** Between attempts to connect. */
const pauses = { first: 200, max: 2_000 };

/** How many times the miner may break off a connection under a result before it counts as unable to take it. */
const maxDeliveries = 10;

/** How long a result waits for the last of the live output to go before it. @unit ms */
const outputGrace = 200;

/** Why a warm executor need not wait for a job any longer: no failure. */
export class Released extends Error {
  override readonly name = 'Released';
}

/** How a connection ended. */
interface End {
  /** Null: the result is delivered. */
  problem: string | null;
  /** Whether the miner had let us in. */
  wasIn: boolean;
  /** Whether it is no use to try that again and again. */
  brokenOff: boolean;
}

/**
 * The executor's line to its miner. While it is down the job goes on; it is opened again with the same token. On
 * `durable-1` the miner is sent what it lacks, and on plain v0 everything again in the same order, since nobody knows
 * what was lost: a miner that takes its executor back ignores what it already has.
 */
@Injectable()
export class MinerLink {
  private readonly leaving = new AbortController();
  private readonly firstOpened = Promise.withResolvers<void>();
  private readonly confirmed = Promise.withResolvers<void>();
  private readonly sent = new SentMessages();
  private session: Session | null = null;
  /** Resolves with a session that takes live output. */
  private listening = Promise.withResolvers<Session>();
  private output: Promise<void> | null = null;
  /** What the job has printed, for a miner that asks for it. */
  readonly kept = new KeptOutput();
  /** Until when a miner that has the result is waited for to take the rest of the output. @unit ms since 1970 */
  private outputDeadline = Infinity;
  private wasOpen = false;
  /** Whether the miner supports `durable-1`, as far as is known. */
  private isDurable = false;
  private hasResult = false;
  /** Since when the miner is away, or has the result to take. @unit ms since 1970 */
  private waitingSince = Date.now();
  /** Until when a miner that supports `durable-1` is waited for to take the result. @unit ms since 1970 */
  private deliveryDeadline = 0;

  /** Aborted with MINER_GONE or Released when nothing more can be sent to the miner. */
  readonly gone = this.leaving.signal;
  /** Resolves with the first connection; rejects with MINER_GONE when there was none. */
  readonly opened = this.firstOpened.promise;

  constructor(
    private readonly settings: ExecutorSettings,
    private readonly assignment: Assignment,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    for (const promise of [this.opened, this.confirmed.promise]) promise.catch(() => {}); // for whoever waits for it
    this.kept.onChange = () => this.session?.ringOutput();
  }

  /** Connects, and stays connected until the result is delivered or the miner is gone. */
  open(): void {
    void this.stayConnected();
  }

  /** Sends a message to the miner: now, or when it is back. */
  send(message: object): void {
    this.sent.add(writeFrame(message));
    this.session?.sendMissing();
  }

  /** Tells the miner how far a transfer is, if it is there and wants to know: it may be lost. */
  mention(progress: JobProgress): void {
    const { session } = this;
    if (session?.isIn && session.speaks('progress-1')) void session.plain(writeFrame(progress));
  }

  /** Passes on what the job prints, to a miner that takes it while the job runs and does not ask for it by itself. */
  follow(jobUuid: string, feed: OutputFeed): void {
    const live = new LiveOutput(
      jobUuid,
      feed,
      () => this.listening.promise,
      async (frame) => this.kept.isAsked || (await this.listening.promise).plain(frame),
    );
    this.output = live
      .run()
      .catch((error: unknown) => this.logger.error({ error }, 'live output could not be passed on'));
  }

  /**
   * Sends the miner how the job ended, and closes the line once it has that and the output that it has asked for.
   *
   * @param deadline until when a miner that is away is waited for, in ms since 1970, where it supports `durable-1`; it is
   *   waited for at least as long as any other
   * @returns when the miner has committed all that was sent; on plain v0, when it has confirmed the end of the
   *   connection, having read all that was sent before
   * @throws MINER_GONE
   */
  async deliver(result: object, deadline = 0): Promise<void> {
    if (this.session?.speaks('logs-1') && !this.kept.isAsked) await this.lastOutput();
    this.send(result);
    this.hasResult = true;
    this.waitingSince = Date.now();
    this.deliveryDeadline = Math.max(deadline, this.waitingSince + this.settings.minerAbsenceLimit * 1000);
    const limit = this.limitDelivery();
    this.closeBehindResult();
    await this.confirmed.promise.finally(() => clearTimeout(limit));
  }

  /** Gives the miner up. */
  abandon(why: string): void {
    this.leave(errors.MINER_GONE(this.withoutToken(why)));
  }

  private leave(reason: Error): void {
    this.leaving.abort(reason);
    this.session?.close();
    this.firstOpened.reject(this.gone.reason);
    this.confirmed.reject(this.gone.reason);
  }

  private async stayConnected(): Promise<void> {
    let brokenOff = 0;
    for (let failures = 1; !this.gone.aborted; failures++) {
      const end = await this.connectOnce();
      if (end.problem === null || this.gone.aborted) return;
      this.logger.warn(`not connected to the miner: ${this.withoutToken(end.problem)}`);
      if (end.wasIn) {
        // A large result is not to be sent many times a second.
        if (!this.hasResult || !this.isDurable) failures = 1;
        this.waitingSince = Date.now();
        if (this.hasResult && end.brokenOff && ++brokenOff === maxDeliveries) {
          return this.abandon(`The miner did not take the result in ${brokenOff} tries: ${end.problem}`);
        }
      }
      this.leaveWhenLate(end.problem);
      await sleep(around(doublingPause(failures, pauses)), undefined, {
        signal: this.gone,
      }).catch(() => {});
    }
  }

  /** Lives through one connection. */
  private async connectOnce(): Promise<End> {
    let session: Session;
    try {
      session = await this.connect();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { problem, wasIn: false, brokenOff: false };
    }
    this.session = session;
    this.wasOpen = true;
    this.isDurable = session.speaks('durable-1');
    this.firstOpened.resolve();
    session.open();
    await session.decided;
    if (session.refusal !== null) this.abandon(`The miner refuses the token: ${session.refusal}`);
    const listens = session.isIn && session.speaks('logs-1');
    if (listens) this.listening.resolve(session);
    this.closeBehindResult();
    const { code, reason } = await session.closed;
    this.session = null;
    if (listens) this.listening = Promise.withResolvers();
    const wasIn = session.isIn;
    if (code === 1000 && this.isIdle) this.leave(new Released('The miner needs this executor no longer.'));
    // 1005: closed in good order, without a code.
    const inOrder = wasIn && (code === 1000 || code === 1005);
    if (this.hasResult && (this.isDurable ? this.sent.isCommitted && !this.waitsForOutput : inOrder)) {
      this.confirmed.resolve();
      return { problem: null, wasIn, brokenOff: false };
    }
    // 1009: a frame that is too large for it, however often it is sent.
    const brokenOff = !this.isDurable || code === 1009;
    return { problem: `closed with ${code} ${reason}`.trim(), wasIn, brokenOff };
  }

  private async connect(): Promise<Session> {
    const { minerAddress, executorToken, isWarm } = this.settings;
    const { assignment, sent, logger } = this;
    const { kept } = this;
    const parts = { assignment, sent, kept, logger, onAcknowledged: () => this.closeBehindResult() };
    let session: Session | undefined;
    await connect(minerAddress.replace(/\/$/, '') + executorPath(encodeURIComponent(executorToken)), {
      attempts: 1,
      signal: this.gone,
      extensions: minerExecutorExtensions.filter((name) => isWarm || name !== 'warm-1'),
      onOpening: (connection) => (session = new Session(connection, parts)),
    });
    return session!;
  }

  /** Gives up when nothing but the miner is waited for, and it has been away for too long. */
  private leaveWhenLate(problem: string): void {
    const { minerAbsenceLimit: limit } = this.settings;
    if (this.wasOpen && !this.hasResult && !this.isIdle) return; // the job goes on
    if (this.hasResult && this.isDurable) return; // limitDelivery ends it
    const now = Date.now();
    if (now < this.waitingSince + limit * 1000) return;
    const away = `could not be reached for ${Math.floor((now - this.waitingSince) / 1000)} s`;
    if (this.isIdle) this.leave(new Released(`The miner ${away}, and this executor has no job.`));
    else this.abandon(`The miner ${away}: ${problem}`);
  }

  /** A miner that is there, or comes and goes, has no longer to take the result than one that is away. */
  private limitDelivery(): NodeJS.Timeout {
    const late = () => {
      if (this.isDurable && !this.sent.isCommitted)
        this.abandon('The miner did not take the result in time.');
    };
    return setTimeout(late, clampDelay(this.deliveryDeadline - Date.now()));
  }

  /**
   * Only where the miner has let us in does a connection that ends well mean that it has the result; on `durable-1` the
   * miner says so.
   */
  private closeBehindResult(): void {
    if (!this.hasResult || !this.session?.isIn) return;
    if (this.isDurable && !this.sent.isCommitted) return;
    if (!this.isDurable || !this.waitsForOutput) this.session.close();
    else if (this.outputDeadline === Infinity) this.limitOutput();
  }

  /** Whether there is output that the miner wants and lacks, and still has time to take. */
  private get waitsForOutput(): boolean {
    return this.kept.isDue && Date.now() < this.outputDeadline;
  }

  /** The miner has the result: the rest of the output does not keep this executor for ever. */
  private limitOutput(): void {
    const limit = this.settings.minerAbsenceLimit * 1000;
    this.outputDeadline = Date.now() + limit;
    const late = () => {
      this.outputDeadline = 0;
      this.session?.close();
      this.confirmed.resolve();
    };
    setTimeout(late, limit).unref();
  }

  private async lastOutput(): Promise<void> {
    const enough = new AbortController();
    const patience = sleep(outputGrace, undefined, { signal: enough.signal }).catch(() => {});
    await Promise.race([this.output, patience]);
    enough.abort();
  }

  /** Whether this is a warm executor whose job has not come. */
  private get isIdle(): boolean {
    return this.settings.isWarm && this.wasOpen && this.assignment.jobUuid === null;
  }

  private withoutToken(text: string): string {
    return text.replaceAll(this.settings.executorToken, '[token]');
  }
}
