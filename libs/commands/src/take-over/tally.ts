/** So many are named of those that stay where they are for one reason. */
const named = 5;
/** Of a name so much is shown. @unit characters */
const shownLength = 64;

/** What has become of one kind of thing. */
export class Tally {
  taken = 0;
  /** They were here before. */
  here = 0;
  private readonly left = new Map<string, { count: number; names: string[] }>();

  /** @param what they are, for people: `panel users` */
  constructor(readonly what: string) {}

  /** @param why it stays where it is, without a verb: `no SS58 address` @param name of it; null: it has none for people */
  leave(why: string, name: string | null = null, count = 1): void {
    const reason = this.left.get(why) ?? { count: 0, names: [] };
    reason.count += count;
    if (name !== null && reason.names.length < named) reason.names.push(shown(name));
    this.left.set(why, reason);
  }

  add({ taken, here }: Pick<Tally, 'taken' | 'here'>): void {
    this.taken += taken;
    this.here += here;
  }

  private get leftCount(): number {
    return [...this.left.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** As the cells of a table. */
  get cells(): string[] {
    return [this.what, this.taken, this.here, this.leftCount].map(String);
  }

  /** A line for each reason why some stay where they are. */
  get reasons(): string[] {
    return [...this.left].map(([why, { count, names }]) => {
      const more = count - names.length;
      const list = names.length === 0 ? '' : ` (${names.join(', ')}${more > 0 ? `, and ${more} more` : ''})`;
      return `${this.what}, ${count}: ${why}${list}`;
    });
  }
}

/** A name from elsewhere may hold what moves a terminal's cursor. */
export const shown = (name: string): string =>
  name.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, shownLength);

/** Rows in columns: the first to the left, numbers to the right. */
export function table(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}
