/** How far the download of a part of a volume is. */
export interface DownloadProgress {
  /** Tells the parts apart, for people: the path in the volume, or where the part is from; without secrets. */
  name: string;
  /** @unit bytes */
  done: number;
  /** null: not known. @unit bytes */
  total: number | null;
}

/** Told at most so often, in milliseconds; the end is always told. */
const reportInterval = 500;

/** Makes of a download's many pieces a few reports. */
export class DownloadMeter {
  private lastTold = -Infinity;
  private done = 0;

  constructor(
    private readonly name: string,
    private readonly tell: (progress: DownloadProgress) => void,
  ) {}

  readonly note = (done: number, total: number | null): void => {
    this.done = done;
    const now = performance.now();
    if (now - this.lastTold < reportInterval) return;
    this.lastTold = now;
    this.tell({ name: this.name, done, total });
  };

  /** All of it is here. */
  end(): void {
    this.tell({ name: this.name, done: this.done, total: this.done });
  }
}
