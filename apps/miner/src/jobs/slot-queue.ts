import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Pending } from '@horde/transport';
import { DatabaseRetry } from '../database/database-retry.ts';
import { FreedSlots } from './freed-slots.ts';
import type { ValidatorConnection } from './links.ts';
import { Slots } from './slots.ts';
import type { SlotRequest, Taken } from './take-slots.ts';

/** How long a new job may wait for a slot whose job has ended, until it is declined. @unit ms */
const maxWait = 5_000;
/** How often a waiting job looks for a slot that no ring has announced. @unit ms */
const lookInterval = 1_000;
/** How large the requests that wait may be together. @unit characters */
const maxWaitingText = 32 * 1024 * 1024;

/** A request for a slot that has not been answered. */
interface QueuedRequest {
  request: SlotRequest;
  /** The open connections that have sent it. */
  sessions: Set<ValidatorConnection>;
  /** True when it has been answered, false when nobody waits for the answer any more. */
  answered: Promise<boolean>;
  /** Whether something has happened since it was last asked for a slot. */
  woken: boolean;
  wake: () => void;
}

/** Tells the connections that have sent a request what its job got. */
type Answer = (taken: Taken | null, sessions: ValidatorConnection[]) => Promise<void>;

/**
 * Where new jobs ask for a slot. One that finds all slots taken, but one of them about to be freed because its job has
 * ended, waits for that before it is declined. No more wait than there are such slots, and they are served in the order in
 * which they came. What waits is stored nowhere: its validator sends it again when the connection ends.
 */
@Injectable()
export class SlotQueue implements BeforeApplicationShutdown {
  /** By job. */
  private readonly queued = new Map<string, QueuedRequest>();
  private waitingText = 0;
  private stopping = false;

  constructor(
    private readonly slots: Slots,
    private readonly retry: DatabaseRetry,
    freed: FreedSlots,
  ) {
    freed.onRing(() => this.wakeAll());
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
    this.wakeAll();
  }

  /** The hotkey of the validator whose request for this job has no answer yet; null when there is none. */
  validatorOf(uuid: string): string | null {
    return this.queued.get(uuid)?.request.job.validatorHotkey ?? null;
  }

  /**
   * Asks for a slot. `answer` is called once, unless the validator's connections end before that, or the miner stops.
   * @returns undefined when it has been answered; else it waits
   */
  async add(
    request: SlotRequest,
    session: ValidatorConnection,
    answer: Answer,
  ): Promise<Pending | undefined> {
    const waits = Promise.withResolvers<false>();
    const one: QueuedRequest = {
      request,
      sessions: new Set(),
      answered: waits.promise,
      woken: false,
      wake: () => undefined,
    };
    this.queued.set(request.job.uuid, one);
    this.addSession(one, session);
    one.answered = this.ask(one, answer, () => waits.resolve(false));
    one.answered.catch(() => undefined); // whoever waits for it is told
    return (await Promise.race([one.answered, waits.promise])) ? undefined : { committed: one.answered };
  }

  /** The same request has come again: nothing changes, but the connection is told too. */
  repeat(uuid: string, session: ValidatorConnection): Pending | undefined {
    const one = this.queued.get(uuid);
    if (!one) return undefined;
    this.addSession(one, session);
    return { committed: one.answered };
  }

  /** Has a waiting request answered without waiting any longer. */
  async answerNow(uuid: string): Promise<void> {
    const one = this.queued.get(uuid);
    if (!one) return;
    stopWaiting(one);
    await one.answered;
  }

  private async ask(one: QueuedRequest, answer: Answer, onWait: () => void): Promise<boolean> {
    const { request, sessions } = one;
    const { job } = request;
    let timer: NodeJS.Timeout | undefined;
    try {
      request.mayWait = this.waitingText + job.text.length <= maxWaitingText;
      let taken = await this.slots.take(request);
      while (taken?.outcome === 'waits') {
        if (!timer) {
          timer = setTimeout(() => stopWaiting(one), maxWait);
          this.waitingText += job.text.length;
        }
        onWait();
        await change(one);
        if (this.stopping || sessions.size === 0) return false;
        taken = await this.retry.run(() => this.slots.take(request));
      }
      await this.retry.run(() => answer(taken, [...sessions]));
      return true;
    } catch (error) {
      if (this.stopping) return false;
      throw error;
    } finally {
      if (timer) this.waitingText -= job.text.length;
      clearTimeout(timer);
      this.slots.leave(request);
      this.queued.delete(job.uuid);
    }
  }

  private addSession(one: QueuedRequest, session: ValidatorConnection): void {
    one.sessions.add(session);
    void session.connection.closed.then(() => {
      one.sessions.delete(session);
      if (one.sessions.size === 0) wake(one);
    });
  }

  private wakeAll(): void {
    for (const one of this.queued.values()) wake(one);
  }
}

function stopWaiting(one: QueuedRequest): void {
  one.request.mayWait = false;
  wake(one);
}

function wake(one: QueuedRequest): void {
  one.woken = true;
  one.wake();
}

/** Resolves when something has happened since the last time, and from time to time. */
async function change(one: QueuedRequest): Promise<void> {
  if (!one.woken) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = setTimeout(resolve, lookInterval);
    one.wake = resolve;
    await promise;
    clearTimeout(look);
  }
  one.woken = false;
}
