import type { Transaction } from '../database.ts';

/** @param payload what was rung for; null: rings may have been lost, so everything is to be looked at */
export type RingListener = (payload: string | null) => void;

/**
 * Tells the processes of one service that something has been stored.
 *
 * Promises, checked for every doorbell by `doorbellConformance()`:
 * - a ring arrives when its transaction has been committed, and not when it was rolled back;
 * - all processes of the service hear it, the one that rings at once; other services do not;
 * - after a lost connection each listener is called with null.
 *
 * It may ring twice, and a ring may be lost: behind each use stands a slow sweep of what is stored.
 */
export abstract class Doorbell {
  /**
   * Rings once the transaction is committed.
   *
   * @param channel a word
   * @param payload what there is something new about; at most 7,000 bytes
   */
  abstract ring(tx: Transaction, channel: string, payload: string): void;
  /** Calls `listener` at each ring of a channel. Returns a function that ends it. */
  abstract on(channel: string, listener: RingListener): () => void;
  /** Ends the connection; no ring arrives any more. */
  abstract close(): Promise<void>;
}

/** Who listens in this process. */
export class RingListeners {
  private readonly channels = new Map<string, Set<RingListener>>();

  add(channel: string, listener: RingListener): () => void {
    const listeners = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  ring(channel: string, payload: string): void {
    for (const listener of this.channels.get(channel) ?? []) listener(payload);
  }

  /** Rings may have been lost. */
  ringAll(): void {
    for (const listeners of this.channels.values()) for (const listener of listeners) listener(null);
  }
}

/** A ring on its way between processes. */
export interface Ring {
  channel: string;
  payload: string;
}

/** `from` tells a process its own rings: it has had them already. */
export const writeRing = (from: string, { channel, payload }: Ring): string =>
  `${from} ${channel} ${payload}`;

/** The ring in a text; null: it is one of `self`, or none. */
export function readRing(self: string, text: string): Ring | null {
  const [, from, channel, payload] = /^(\S+) (\S+) (.*)$/s.exec(text) ?? [];
  if (from === self || channel === undefined || payload === undefined) return null;
  return { channel, payload };
}

/** How often a connection that only listens is asked for a sign of life. @unit ms */
export const pulse = 10_000;
/** How long it may take for one. @unit ms */
export const pulseLimit = 5_000;
/** The pause before it is made again; it doubles each time. @unit ms */
export const reconnectPauses = { first: 100, max: 5_000 };
