/** How long lines are counted together. @unit ms */
const period = 60_000;

/** Lets so many lines a minute into the log, for what strangers can cause as often as they like. */
export class LineRate {
  private since = -Infinity;
  private lines = 0;
  private leftOut = 0;

  constructor(private readonly maxPerMinute: number) {}

  /** @param write called, unless there have been too many, with how many were left out before */
  line(write: (leftOut: number) => void): void {
    const now = performance.now();
    if (now - this.since >= period) [this.since, this.lines] = [now, 0];
    if (++this.lines > this.maxPerMinute) return void this.leftOut++;
    write(this.leftOut);
    this.leftOut = 0;
  }
}
