import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@horde/transport';
import type { MinerMessage } from '../jobs/outcome.ts';
import { Inbox } from './inbox.ts';
import type { MinerAddress, MinerClient } from './miner-client.service.ts';

/** How often a first connection is tried, as ComputeHorde's validators do. */
const firstAttempts = 5;
/** A connection that lasted less than this is not opened again at once. @unit ms */
const shortLife = 5_000;
const longestPause = 5_000;
/** A miner that sends more than this before we have read it is cut off: a whole job needs a dozen messages. */
const mostUnread = 200;

/** What happens in a conversation: a message came, or the connection is gone. */
export type Heard = { is: 'message'; message: MinerMessage } | { is: 'lost'; code: number; why: string };

/**
 * One job's talk with its miner, over one connection at a time. Opening it again after a loss is up to the caller,
 * who has to say again what the miner may have missed.
 */
export class Conversation {
  private connection: Connection | null = null;
  private inbox = new Inbox<Heard>();
  private openedAt = 0;
  private shortLives = 0;
  /** Why the connection is not open; null while it is, and before it was first tried. */
  trouble: string | null = null;

  constructor(
    private readonly client: MinerClient,
    private readonly miner: MinerAddress,
    private readonly signal: AbortSignal,
  ) {}

  get isOpen(): boolean {
    return this.connection !== null;
  }

  /**
   * Opens a connection.
   *
   * @param until when to stop trying. @unit ms since 1970
   * @param persistent tries until then, instead of a few times
   * @returns false when it could not be opened; `trouble` says why
   */
  async open(until: number, persistent: boolean): Promise<boolean> {
    await this.pauseAfterShortLife(until);
    const limit = AbortSignal.timeout(Math.min(Math.max(1, until - Date.now()), 2 ** 31 - 1));
    const inbox = (this.inbox = new Inbox<Heard>());
    try {
      const connection = await this.client.connect(this.miner, {
        attempts: persistent ? Number.MAX_SAFE_INTEGER : firstAttempts,
        signal: AbortSignal.any([this.signal, limit]),
        onMessage: (message, connection) => {
          inbox.put({ is: 'message', message });
          // Not waited for, lest the end of the connection overtake what came before it.
          if (inbox.size > mostUnread) connection.terminate();
        },
      });
      this.connection = connection;
      this.openedAt = Date.now();
      this.trouble = null;
      void connection.closed.then(({ code, reason }) => {
        const why = `closed with ${code}${reason && ` ${reason}`}`;
        inbox.put({ is: 'lost', code, why });
      });
      return true;
    } catch (error) {
      this.signal.throwIfAborted();
      this.trouble ??= limit.aborted ? 'no answer in time' : describe(error);
      return false;
    }
  }

  /** What happens next; null when nothing does before `until`. Throws when the run is to end. */
  async next(until: number): Promise<Heard | null> {
    const heard = await this.inbox.next(until, this.signal);
    if (heard?.is === 'lost') {
      this.connection = null;
      this.trouble = heard.why;
      this.shortLives = Date.now() - this.openedAt < shortLife ? this.shortLives + 1 : 0;
    }
    return heard;
  }

  /** False when the connection is gone. */
  async send(message: object): Promise<boolean> {
    return (await this.connection?.send(message)) ?? false;
  }

  close(): void {
    this.connection?.close(1000);
    this.connection = null;
  }

  /** A miner that closes every connection at once is not to be called many times a second. */
  private async pauseAfterShortLife(until: number): Promise<void> {
    if (this.shortLives === 0) return;
    const pause = Math.min(100 * 2 ** this.shortLives, longestPause, Math.max(0, until - Date.now()));
    await sleep(pause, undefined, { signal: this.signal });
  }
}

function describe(error: unknown): string {
  const { code, message, errors } = error as { code?: string; message?: string; errors?: Error[] };
  // Node reports a host with several addresses as a list of errors without a message of its own.
  return message || errors?.map((one) => one.message).join(', ') || code || String(error);
}
