import { clampDelay, steadyNow } from '@horde/async';

/** Things that arrive one by one for one reader. */
export class Inbox<T> {
  private readonly items: T[] = [];
  private wake: () => void = () => undefined;

  put(item: T): void {
    this.items.push(item);
    this.wake();
  }

  /** Takes out all that is there. */
  empty(): T[] {
    return this.items.splice(0);
  }

  /**
   * The next item; null when there is none before `until`, in ms since 1970. One that is there is returned even then.
   *
   * @throws the signal's reason when it is aborted
   */
  async next(until: number, signal: AbortSignal): Promise<T | null> {
    for (;;) {
      signal.throwIfAborted();
      const first = this.items.shift();
      if (first !== undefined) return first;
      const left = until - steadyNow();
      if (left <= 0) return null;
      await this.wait(clampDelay(left), signal);
    }
  }

  private wait(time: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, time);
      signal.addEventListener('abort', done);
      this.wake = done;
    });
  }
}
