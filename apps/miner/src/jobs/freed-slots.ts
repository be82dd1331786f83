import { Injectable } from '@nestjs/common';

/** Tells the parts of this process that a slot may have become free. */
@Injectable()
export class FreedSlots {
  private readonly listeners: (() => void)[] = [];

  /** Calls `listener` whenever a slot may have become free, as long as the miner runs. */
  onRing(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** A slot may have become free. */
  ring(): void {
    for (const listener of this.listeners) listener();
  }
}
