/** How many there are of each name; a name with none costs nothing. */
export class Counts {
  private readonly counts = new Map<string, number>();

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  add(name: string, number: 1 | -1): void {
    const count = this.of(name) + number;
    if (count === 0) this.counts.delete(name);
    else this.counts.set(name, count);
  }
}
