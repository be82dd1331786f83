/** What a scripted peer has seen, in order, with a way to wait for more. */
export class Recorder<T> {
  readonly items: T[] = [];
  private readonly waiting = new Set<() => void>();
  private taken = 0;

  add(item: T): void {
    this.items.push(item);
    this.waiting.forEach((look) => look());
  }

  /** The next item that nobody has asked for in this way, now or when it comes. */
  next(limit?: number): Promise<T> {
    return this.first(() => true, this.taken++, limit);
  }

  /** The first item that fits, from `from` on, now or when it comes. Fails after ten seconds with what came instead. */
  async first<S extends T>(
    fits: ((item: T) => item is S) | ((item: T) => boolean),
    from = 0,
    limit = 10_000,
  ): Promise<S> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.items.slice(from).find(fits);
        if (found === undefined) return;
        done();
        resolve(found as S);
      };
      const timer = setTimeout(() => {
        done();
        reject(
          new Error(
            `It did not come within ${limit / 1000} s. What came: ${JSON.stringify(this.items, null, 1).slice(0, 3_000)}`,
          ),
        );
      }, limit);
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(look);
      };
      this.waiting.add(look);
      look();
    });
  }
}
