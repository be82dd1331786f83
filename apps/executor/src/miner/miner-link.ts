import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@horde/operations';
import { errors, executorPath, writeFrame } from '@horde/protocol';
import { connect } from '@horde/transport';
import { ExecutorSettings } from '../settings.ts';
import { Assignment } from './assignment.ts';
import { Session } from './session.ts';

/** The pauses between attempts to connect; they double. @unit ms */
const shortestPause = 200;
const longestPause = 2_000;

/**
 * The executor's line to its miner. While it is down the job goes on; it is opened again with the same token, and
 * everything said so far is said again in the same order, since nobody knows what was lost: a miner that takes its
 * executor back ignores what it already has.
 */
@Injectable()
export class MinerLink {
  private readonly leaving = new AbortController();
  private readonly firstOpened = Promise.withResolvers<void>();
  private readonly confirmed = Promise.withResolvers<void>();
  private readonly said: string[] = [];
  private session: Session | null = null;
  /** Whether nothing but the miner is waited for: at the start, and at the end. */
  private idle = true;
  private hasResult = false;
  /** Since when that is so, or the miner away. @unit ms since 1970 */
  private waitingSince = Date.now();

  /** Aborted with MINER_GONE when nothing more can be told to the miner. */
  readonly gone = this.leaving.signal;
  /** Resolves with the first connection; rejects with MINER_GONE when there was none. */
  readonly opened = this.firstOpened.promise;

  constructor(
    private readonly settings: ExecutorSettings,
    private readonly assignment: Assignment,
    @Inject('LOGGER') private readonly logger: Logger,
  ) {
    for (const promise of [this.opened, this.confirmed.promise]) promise.catch(() => {}); // for whoever waits for it
  }

  /** Connects, and stays connected until the result is delivered or the miner is gone. */
  open(): void {
    void this.stayConnected();
  }

  /** Tells the miner: now, or when it is back. */
  send(message: object): void {
    const frame = writeFrame(message);
    this.said.push(frame);
    this.session?.send(frame);
  }

  /**
   * Tells the miner how the job ended, and closes the line.
   *
   * @returns when the miner has confirmed the end of the connection, having read all that was sent before
   * @throws MINER_GONE
   */
  deliver(result: object): Promise<void> {
    this.send(result);
    this.hasResult = this.idle = true;
    this.waitingSince = Date.now();
    this.closeBehindResult();
    return this.confirmed.promise;
  }

  /** Gives the miner up. */
  abandon(why: string): void {
    this.leaving.abort(errors.MINER_GONE(this.withoutToken(why)));
    this.session?.close();
    this.firstOpened.reject(this.gone.reason);
    this.confirmed.reject(this.gone.reason);
  }

  private async stayConnected(): Promise<void> {
    const { minerAbsenceLimit: limit } = this.settings;
    for (let pause = shortestPause; !this.gone.aborted; pause = Math.min(pause * 2, longestPause)) {
      const { problem, wasIn } = await this.connectOnce();
      if (problem === null || this.gone.aborted) return;
      this.logger.warn(`not connected to the miner: ${this.withoutToken(problem)}`);
      if (wasIn) {
        pause = shortestPause;
        this.waitingSince = Date.now();
      }
      if (this.idle && Date.now() - this.waitingSince >= limit * 1000) {
        return this.abandon(`The miner could not be reached for ${limit} s: ${problem}`);
      }
      await sleep(pause * (0.75 + Math.random() / 4), undefined, { signal: this.gone }).catch(() => {});
    }
  }

  /** Lives through one connection. A problem of null: the result is delivered. */
  private async connectOnce(): Promise<{ problem: string | null; wasIn: boolean }> {
    let session: Session;
    try {
      session = await this.connect();
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error), wasIn: false };
    }
    this.session = session;
    this.idle = this.hasResult;
    this.firstOpened.resolve();
    for (const frame of this.said) session.send(frame);
    await session.decided;
    if (session.refusal !== null) this.abandon(`The miner refuses the token: ${session.refusal}`);
    this.closeBehindResult();
    const { code, reason } = await session.closed;
    this.session = null;
    // 1005: closed in good order, without a code.
    const complete = this.hasResult && session.isIn && (code === 1000 || code === 1005);
    if (complete) this.confirmed.resolve();
    return { problem: complete ? null : `closed with ${code} ${reason}`.trim(), wasIn: session.isIn };
  }

  private async connect(): Promise<Session> {
    const path = executorPath(encodeURIComponent(this.settings.executorToken));
    let session: Session | undefined;
    await connect(this.settings.minerAddress.replace(/\/$/, '') + path, {
      attempts: 1,
      signal: this.gone,
      onOpening: (connection) => (session = new Session(connection, this.assignment, this.logger)),
    });
    return session!;
  }

  /** Only where the miner has let us in does a connection that ends well mean that it has the result. */
  private closeBehindResult(): void {
    if (this.hasResult && this.session?.isIn) this.session.close();
  }

  private withoutToken(text: string): string {
    return text.replaceAll(this.settings.executorToken, '[token]');
  }
}
