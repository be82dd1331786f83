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

  /** The first item that fits, from `from` on, now or when it comes. Fails, shortly before a test is over, with what came instead. */
  first<S extends T>(
    fits: ((item: T) => item is S) | ((item: T) => boolean),
    from = 0,
    limit = 50_000,
  ): Promise<S> {
    // Made here, so that its stack names who waits.
    const late = new Error();
    const found = new Promise<S>((resolve, reject) => {
      const look = () => {
        const item = this.items.slice(from).find(fits);
        if (item === undefined) return;
        done();
        resolve(item as S);
      };
      const timer = setTimeout(() => {
        done();
        late.message = `It did not come within ${limit / 1000} s. What came: ${JSON.stringify(this.items, null, 1).slice(0, 3_000)}`;
        reject(late);
      }, limit);
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(look);
      };
      this.waiting.add(look);
      look();
    });
    found.catch(() => undefined); // of a test that is over by then
    return found;
  }
}
