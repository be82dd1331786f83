import { detail } from '../refusal.ts';

export interface BudgetOptions {
  /** How large all bodies in flight may be together. @unit bytes */
  maxBytes: number;
  /** How large those of one sender may be together. @unit bytes */
  maxBytesOfOne: number;
  /** How many requests may wait until there is room. */
  maxWaiting: number;
  /** How many of them one sender's. */
  maxWaitingOfOne: number;
}

interface Waiting {
  size: number;
  sender: string;
  start: () => void;
}

/**
 * Keeps bodies that arrive at the same time from filling the memory: they wait in their order, unread. Nobody is kept waiting
 * by a single sender, whose bodies may never arrive.
 */
export class BodyBudget {
  private taken = 0;
  private readonly takenBy = new Map<string, number>();
  private readonly waiting: Waiting[] = [];

  constructor(private readonly options: BudgetOptions) {}

  /**
   * Resolves when there is room for a body of this size, with what gives the room back.
   * @throws Refusal 429 when too many wait already
   */
  async take(size: number, sender: string): Promise<() => void> {
    const { promise, resolve: start } = Promise.withResolvers<void>();
    const one = { size, sender, start };
    this.waiting.push(one);
    this.startWaiting();
    if (this.waiting.at(-1) === one && this.tooManyWait(sender)) {
      this.waiting.pop();
      throw detail(429, 'There are too many requests at once. Try again.');
    }
    await promise;
    let isGivenBack = false;
    return () => {
      if (isGivenBack) return;
      isGivenBack = true;
      this.count(sender, -size);
      this.startWaiting();
    };
  }

  private tooManyWait(sender: string): boolean {
    const { maxWaiting, maxWaitingOfOne } = this.options;
    if (this.waiting.length > maxWaiting) return true;
    return this.waiting.filter((one) => one.sender === sender).length > maxWaitingOfOne;
  }

  private startWaiting(): void {
    const { maxBytes, maxBytesOfOne } = this.options;
    const held = new Set<string>();
    for (let at = 0; at < this.waiting.length;) {
      const { size, sender, start } = this.waiting[at]!;
      if ((this.takenBy.get(sender) ?? 0) + size > maxBytesOfOne) held.add(sender);
      if (held.has(sender)) at++;
      else if (this.taken + size > maxBytes) return;
      else {
        this.waiting.splice(at, 1);
        this.count(sender, size);
        start();
      }
    }
  }

  private count(sender: string, size: number): void {
    this.taken += size;
    const taken = (this.takenBy.get(sender) ?? 0) + size;
    if (taken > 0) this.takenBy.set(sender, taken);
    else this.takenBy.delete(sender);
  }
}
