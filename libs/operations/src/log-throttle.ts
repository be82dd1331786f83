/** @unit ms */
const defaultInterval = 60_000;
/** Of more keys than this within an interval nothing is written. */
const maxKeys = 1_000;

/** Keeps one peer, or one trouble, from filling the log: a line for each key, and not again for a minute. */
export class LogThrottle {
  private readonly next = new Map<string, number>();

  /** @param interval @unit ms @default 60,000 */
  constructor(private readonly interval = defaultInterval) {}

  /** Whether a line about this may be written now. */
  allows(key: string): boolean {
    const now = performance.now();
    if (now < (this.next.get(key) ?? -Infinity)) return false;
    this.next.delete(key);
    // The oldest come first.
    for (const [known, until] of this.next) {
      if (now < until) break;
      this.next.delete(known);
    }
    if (this.next.size >= maxKeys) return false;
    this.next.set(key, now + this.interval);
    return true;
  }
}
