import { detail } from './refusal.ts';

export interface BudgetOptions {
  /** How large all bodies in flight may be together. @unit bytes */
  maxBytes: number;
  /** How many requests may wait until there is room. */
  maxWaiting: number;
}

/** Keeps bodies that arrive at the same time from filling the memory: they wait in their order, unread. */
export class BodyBudget {
  private taken = 0;
  private readonly waiting: { size: number; start: () => void }[] = [];

  constructor(private readonly options: BudgetOptions) {}

  /**
   * Resolves when there is room for a body of this size, with what gives the room back.
   * @throws Refusal 429 when too many wait already
   */
  async take(size: number): Promise<() => void> {
    const { maxBytes, maxWaiting } = this.options;
    if (this.waiting.length > 0 || this.taken + size > maxBytes) {
      if (this.waiting.length >= maxWaiting)
        throw detail(429, 'There are too many requests at once. Try again.');
      await new Promise<void>((start) => this.waiting.push({ size, start }));
    } else {
      this.taken += size;
    }
    let isGivenBack = false;
    return () => {
      if (isGivenBack) return;
      isGivenBack = true;
      this.taken -= size;
      this.startNext();
    };
  }

  private startNext(): void {
    for (let next; (next = this.waiting[0]) && this.taken + next.size <= this.options.maxBytes;) {
      this.waiting.shift();
      this.taken += next.size;
      next.start();
    }
  }
}
