export interface WorkerOptions {
  /** How many entries are worked on at once. @default 1 */
  concurrency?: number;
  /** An entry's handler failed; or, with null for an id, the store: the first queue is told that, once in ten seconds. */
  onError: (error: Error, id: string | null) => void;
}

/** Works on the entries of one queue, as many at once as it may. */
export class Handler {
  private running = 0;
  /** Id -> those that wait for their turn with it. */
  private readonly waiting = new Map<string, PromiseWithResolvers<void>>();

  constructor(
    private readonly handle: (id: string) => Promise<void>,
    readonly options: WorkerOptions,
  ) {}

  async run(id: string): Promise<void> {
    if (this.running >= (this.options.concurrency ?? 1)) {
      // Of a schedule that is slower than its interval one entry waits, and stands for those that come meanwhile.
      if (this.waiting.has(id)) return;
      const turn = Promise.withResolvers<void>();
      this.waiting.set(id, turn);
      await turn.promise;
    } else this.running++;
    try {
      await this.handle(id);
    } finally {
      this.next();
    }
  }

  /** Passes the turn on. */
  private next(): void {
    const [first] = this.waiting;
    if (!first) return void this.running--;
    this.waiting.delete(first[0]);
    first[1].resolve();
  }
}
