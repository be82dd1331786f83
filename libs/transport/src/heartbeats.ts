import { limits } from './limits.ts';

/** What is asked for a sign of life, once in each interval. */
export interface Heart {
  /** Set and read by `Heartbeats` only. */
  turn: number;
  beat(): void;
}

/** So many times in each interval some are asked, so that not all of them are at once. */
const turns = 20;

/** Asks every connection of the process for signs of life: with one timer, since thousands would cost more than them. */
class Heartbeats {
  private readonly hearts = Array.from({ length: turns }, () => new Set<Heart>());
  private count = 0;
  private now = 0;
  private timer: NodeJS.Timeout | undefined;

  /** Asks it from now on, for the first time when a whole interval has passed. */
  add(heart: Heart): void {
    heart.turn = this.now;
    this.hearts[this.now]!.add(heart);
    if (this.count++ === 0) this.timer = setInterval(() => this.tick(), limits.heartbeat / turns).unref();
  }

  delete(heart: Heart): void {
    if (this.hearts[heart.turn]!.delete(heart) && --this.count === 0) clearInterval(this.timer);
  }

  private tick(): void {
    this.now = (this.now + 1) % turns;
    // Those that come meanwhile are asked the next time.
    const asked = Array.from(this.hearts[this.now]!);
    for (const heart of asked) heart.beat();
  }
}

export const heartbeats = new Heartbeats();
