import { setTimeout as sleep } from 'node:timers/promises';
import { clampDelay, doublingPause, steadyNow } from '@horde/async';
import type { JobOutput, JobOutputChunk, JobProgress } from '@horde/protocol';
import type { MinerMessage } from '../jobs/outcome.ts';
import { Inbox } from './inbox.ts';
import type { MinerAddress } from './miner-client.ts';
import type { MinerLink } from './miner-link.ts';
import type { MinerLinks } from './miner-links.ts';
import type { JobEnd, SharedLink } from './shared-link.ts';

/** A connection that lasted less than this is not opened again at once. @unit ms */
const shortLife = 5_000;
const pauses = { first: 200, max: 5_000 };

/** A message of the miner. */
export interface ReceivedMessage {
  is: 'message';
  message: MinerMessage;
  /** Its number on a durable link; null on a plain one. */
  number: number | null;
  /** Whether it says that the miner does not let us in. */
  isRefusal: boolean;
  /** To be called when what it causes is committed. */
  taken: () => void;
  /** To be called when it is not looked at any more. */
  dropped: () => void;
}

/** What happens in a conversation: a message came, the miner said how far it has come, or the connection is gone. */
export type MinerEvent =
  ReceivedMessage | { is: 'resume'; number: number } | { is: 'lost'; code: number; why: string };

/** The caller has something else to do than to wait for the miner. */
export class Interrupted extends Error {}

/**
 * One job's exchange with its miner, over one connection at a time, which other jobs may share. Opening it again after a
 * loss is up to the caller, who has to send again what the miner may have missed.
 */
export class MinerConnection {
  private shared: { link: SharedLink; end: JobEnd } | null = null;
  private inbox = new Inbox<MinerEvent>();
  private openedAt = 0;
  private shortLives = 0;
  private over = false;
  private interruption = new AbortController();
  /** Why the connection is not open; null while it is, and before it was first tried. */
  trouble: string | null = null;

  constructor(
    private readonly job: string,
    private readonly links: MinerLinks,
    private readonly miner: MinerAddress,
    private readonly signal: AbortSignal,
    /** Called with what the job prints, while it runs. */
    private readonly onOutput: (output: JobOutput) => void,
    /** Called with what of it was asked for, also when the job has ended. */
    private readonly onChunk: (chunk: JobOutputChunk) => void,
    /** Called with how far its transfers are. */
    private readonly onProgress: (progress: JobProgress) => void,
  ) {}

  /** The connection; null while there is none. */
  get open(): MinerLink | null {
    return this.shared?.link.link ?? null;
  }

  /**
   * Gets a connection. The miner has not been told more of the job on it than who we are.
   *
   * @param until when to stop trying. @unit ms since 1970
   * @param attempts how many times it is tried at most
   * @returns false when it could not be opened; `trouble` says why
   */
  async reopen(until: number, attempts: number): Promise<boolean> {
    await this.pauseAfterShortLife(until);
    const limit = AbortSignal.timeout(clampDelay(until - steadyNow()));
    const interruption = this.interruption.signal;
    const end = this.end((this.inbox = new Inbox<MinerEvent>()));
    try {
      const signal = AbortSignal.any([this.signal, limit, interruption]);
      this.shared = { link: await this.links.join(this.miner, end, { attempts, signal }), end };
      this.openedAt = steadyNow();
      this.trouble = null;
      return true;
    } catch (error) {
      this.signal.throwIfAborted();
      interruption.throwIfAborted();
      this.trouble ??= limit.aborted ? 'no answer in time' : describe(error);
      return false;
    }
  }

  /** What happens next; null when nothing does before `until`. Throws when the run is to end. */
  async next(until: number): Promise<MinerEvent | null> {
    const event = await this.inbox.next(until, AbortSignal.any([this.signal, this.interruption.signal]));
    if (event?.is === 'lost') {
      this.shared = null;
      this.trouble = event.why;
      this.shortLives = steadyNow() - this.openedAt < shortLife ? this.shortLives + 1 : 0;
    }
    return event;
  }

  /** Sends a message about the job; false when the connection is gone. */
  async send(message: { message_type: string }): Promise<boolean> {
    return (await this.open?.sendMessage(this.job, message)) ?? false;
  }

  /** Ends what is waited for: it throws `Interrupted`. */
  interrupt(): void {
    this.interruption.abort(new Interrupted());
    this.interruption = new AbortController();
  }

  /** The job has ended: whatever the miner says about it from now on is taken without being looked at. */
  finish(): void {
    this.over = true;
    for (const event of this.inbox.empty()) if (event.is === 'message') event.taken();
  }

  /**
   * Leaves the connection.
   *
   * @param isSettled whether nothing more is to be said about the job
   */
  close(isSettled: boolean): void {
    for (const event of this.inbox.empty()) if (event.is === 'message') event.dropped();
    this.shared?.link.leave(this.shared.end, isSettled);
    this.shared = null;
  }

  private end(inbox: Inbox<MinerEvent>): JobEnd {
    return {
      job: this.job,
      onMessage: (message, number, isRefusal) =>
        new Promise((resolve) => {
          if (this.over) return resolve(true);
          const [taken, dropped] = [() => resolve(true), () => resolve(false)];
          inbox.put({ is: 'message', message, number, isRefusal, taken, dropped });
        }),
      onResume: (number) => inbox.put({ is: 'resume', number }),
      onOutput: (output) => {
        if (!this.over) this.onOutput(output);
      },
      onChunk: (chunk) => this.onChunk(chunk),
      onProgress: (progress) => {
        if (!this.over) this.onProgress(progress);
      },
      onLost: ({ code, reason }) => {
        const why = `closed with ${code}${reason && ` ${reason}`}`;
        inbox.put({ is: 'lost', code, why });
      },
    };
  }

  /** A miner that closes every connection at once is not to be called many times a second. */
  private async pauseAfterShortLife(until: number): Promise<void> {
    if (this.shortLives === 0) return;
    const pause = Math.min(doublingPause(this.shortLives, pauses), clampDelay(until - steadyNow()));
    const signal = AbortSignal.any([this.signal, this.interruption.signal]);
    await sleep(pause, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}

function describe(error: unknown): string {
  const { code, message, errors } = error as { code?: string; message?: string; errors?: Error[] };
  // Node reports a host with several addresses as a list of errors without a message of its own.
  return message || errors?.map((one) => one.message).join(', ') || code || String(error);
}
