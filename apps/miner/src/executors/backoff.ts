import { doublingPause, type Pauses } from '@horde/async';

/** Pauses after failures that double each time, for each of several things that are tried again. */
export class Backoff<Key> {
  private readonly failures = new Map<Key, { count: number; until: number }>();

  /** @param pauses the pause after the first failure, and the longest. @unit ms */
  constructor(
    private readonly pauses: Pauses,
    private readonly now: () => number = () => performance.now(),
  ) {}

  failed(key: Key): void {
    const count = (this.failures.get(key)?.count ?? 0) + 1;
    const pause = doublingPause(count, this.pauses);
    this.failures.set(key, { count, until: this.now() + pause });
  }

  succeeded(key: Key): void {
    this.failures.delete(key);
  }

  /** Forgets all others: nothing is tried with them any more. */
  keepOnly(keys: Iterable<Key>): void {
    const kept = new Set(keys);
    for (const key of this.failures.keys()) if (!kept.has(key)) this.failures.delete(key);
  }

  /** Whether it may be tried now. */
  isOver(key: Key): boolean {
    return (this.failures.get(key)?.until ?? -Infinity) <= this.now();
  }
}
