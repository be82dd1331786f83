/** Lets work that holds much in memory be done at once up to a limit; the rest waits for its turn. */
export class ByteBudget {
  private used = 0;
  private readonly waiting: { bytes: number; begin: () => void }[] = [];

  /** @param limit of all work together; work that needs more is done alone. @unit bytes */
  constructor(private readonly limit: number) {}

  /** Does the work when there is room for it, in the order of the calls. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push({ bytes, begin: resolve });
    this.beginNext();
    await promise;
    try {
      return await work();
    } finally {
      this.used -= bytes;
      this.beginNext();
    }
  }

  private beginNext(): void {
    for (;;) {
      const [next] = this.waiting;
      if (!next || (this.used > 0 && this.used + next.bytes > this.limit)) return;
      this.waiting.shift();
      this.used += next.bytes;
      next.begin();
    }
  }
}
