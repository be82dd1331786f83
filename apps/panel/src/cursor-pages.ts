/** What is behind a cursor. */
export interface Behind<T> {
  results: T[];
  next: string | null;
}

/**
 * The pages of a list that is read by cursors, as if they had numbers: each page tells where the next one begins, and
 * those that were passed are remembered.
 */
export class CursorPages<T extends Behind<unknown>> {
  private readonly beginnings = new Map<string, (string | null)[]>();

  constructor(private readonly read: (query: string, cursor: string) => Promise<T>) {}

  /** @param query what the list is of @param page from 1; null: there are not so many */
  async page(query: string, page: number): Promise<T | null> {
    const known = this.beginnings.get(query) ?? [''];
    this.beginnings.set(query, known);
    for (let at = Math.min(page, known.length); ; at++) {
      const cursor = known[at - 1] ?? null;
      if (cursor === null) return null;
      const found = await this.read(query, cursor);
      known[at] = found.next;
      if (at === page) return found;
    }
  }
}
