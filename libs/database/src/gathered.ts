/** How long items are gathered. @unit ms */
const gathering = 250;

/** Has items handled together, a moment after the first of them has come: for what nobody waits for. */
export class Gathered<Item> {
  private items: Item[] = [];
  private timer: NodeJS.Timeout | undefined;
  private handling: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly handle: (items: Item[]) => Promise<unknown>,
    /** Told why some could not be handled; they are not tried again. */
    private readonly onError: (error: unknown) => void,
  ) {}

  add(item: Item): void {
    this.items.push(item);
    this.timer ??= setTimeout(() => void this.handleNow(), gathering).unref();
  }

  /** Handles what is gathered. Resolves when all that has come is handled; never rejects. */
  async handleNow(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { items } = this;
    this.items = [];
    if (items.length > 0) this.handling = this.handling.then(() => this.handle(items)).catch(this.onError);
    await this.handling;
  }
}
