/** What was done under load: how long each took, and all of it. */
export class Load {
  private took: number[] = [];
  private elapsed = 0;
  private processor = 0;

  /** @param processor how much of a processor was used until now @unit ms */
  async measure(processor: () => Promise<number>, work: () => Promise<void>): Promise<void> {
    const used = await processor();
    const began = performance.now();
    await work();
    this.elapsed += performance.now() - began;
    this.processor += (await processor()) - used;
  }

  /** Each of the workers does one thing after another, until all are done. */
  async run<W, T>(
    workers: readonly W[],
    things: readonly T[],
    work: (worker: W, thing: T) => Promise<unknown>,
  ): Promise<void> {
    const left = things.values();
    await Promise.all(
      workers.map(async (worker) => {
        for (const thing of left) {
          const began = performance.now();
          await work(worker, thing);
          this.took.push(performance.now() - began);
        }
      }),
    );
  }

  reset(): void {
    this.took = [];
    this.elapsed = this.processor = 0;
  }

  /** Things done in a second. */
  get rate(): number {
    return (this.took.length * 1_000) / this.elapsed;
  }

  /** @unit ms */
  get processorEach(): number {
    return this.processor / this.took.length;
  }

  /** @param share of them that took no longer @unit ms */
  latency(share: number): number {
    return this.took.toSorted((a, b) => a - b)[Math.floor(this.took.length * share)]!;
  }
}
