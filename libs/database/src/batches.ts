import { setImmediate as nextTurn } from 'node:timers/promises';

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Handles items together: those that come in one turn of the event loop, and then those that come while a batch is being
 * handled. What a call costs is then shared by all that come at once, and one that comes alone does not wait.
 */
export class Batches<Item, Result> {
  private readonly waiting: Waiting<Item, Result>[] = [];
  private busy = false;

  constructor(
    /** Returns a result for each item, in their order. When it rejects, each item is tried alone: one spoils no other. */
    private readonly handle: (items: Item[]) => Promise<Result[]>,
    /** How many items a batch has at most. */
    private readonly maxItems: number,
  ) {}

  add(item: Item): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.waiting.push({ item, resolve, reject });
    if (!this.busy) void this.run();
    return promise;
  }

  private async run(): Promise<void> {
    this.busy = true;
    await nextTurn();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.maxItems);
      if (!(await this.together(batch))) for (const one of batch) await this.alone(one);
    }
    this.busy = false;
  }

  private async together(batch: Waiting<Item, Result>[]): Promise<boolean> {
    if (batch.length === 1) return false;
    try {
      const results = await this.handle(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
      return true;
    } catch {
      return false;
    }
  }

  private async alone({ item, resolve, reject }: Waiting<Item, Result>): Promise<void> {
    try {
      resolve((await this.handle([item]))[0]!);
    } catch (error) {
      reject(error);
    }
  }
}
