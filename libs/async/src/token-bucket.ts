/** Lets things happen at a rate, and so many more at once when there were fewer before. */
export class TokenBucket {
  private tokens: number;
  private filledAt = performance.now();

  /** @param rate per second @param burst how many may happen at once */
  constructor(
    private readonly rate: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  /** Takes tokens that may be still to come. Returns how long it is until then. @unit ms */
  take(count = 1): number {
    this.fill();
    this.tokens -= count;
    return this.tokens >= 0 ? 0 : (-this.tokens / this.rate) * 1_000;
  }

  /** Whether a token is there. */
  has(): boolean {
    this.fill();
    return this.tokens >= 1;
  }

  /** Takes a token that is there; false when there is none. */
  tryTake(): boolean {
    if (!this.has()) return false;
    this.tokens--;
    return true;
  }

  private fill(): void {
    const now = performance.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filledAt) / 1_000) * this.rate);
    this.filledAt = now;
  }
}
