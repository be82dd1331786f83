import { failures } from '../failures.ts';

/** What one part of a volume may hold. */
export interface VolumeLimits {
  /** The most bytes; 0 or less: no limit. */
  maxBytes: number;
  /** The most files and folders. */
  maxEntries: number;
  /** The most that an archive may grow to, as a multiple of its own size; counts from `freeBytes` on. */
  maxRatio: number;
  /** What an archive may grow to whatever its size. */
  freeBytes: number;
}

/** What may still be written of one part of a volume. */
export class Budget {
  private bytes = 0;
  private entries = 0;
  private growth = Infinity;
  private total: number | null = null;

  /**
   * @param source the part, as messages name it
   * @param onSpent called when more was spent, or some given back; must neither wait nor throw
   */
  constructor(
    readonly source: string,
    private readonly limits: VolumeLimits,
    private readonly onSpent: (bytes: number, total: number | null) => void = () => undefined,
  ) {}

  /** What is announced for the whole part. @unit bytes */
  announce(total: number | null): void {
    this.total = total;
  }

  /** From here on, what is spent comes out of an archive of this size. */
  unpacking(archiveBytes: number): void {
    const { maxRatio, freeBytes } = this.limits;
    this.growth = Math.max(freeBytes, archiveBytes * maxRatio);
  }

  spendBytes(count: number): void {
    this.expectBytes(count);
    this.bytes += count;
    if (this.bytes > this.growth) {
      throw failures.VOLUME_ARCHIVE_GROWS(this.source, this.limits.maxRatio);
    }
    this.onSpent(this.bytes, this.total);
  }

  /** Fails early where a size is announced; what is announced is not what is counted. */
  expectBytes(count: number): void {
    const { maxBytes } = this.limits;
    if (maxBytes > 0 && this.bytes + count > maxBytes) {
      throw failures.VOLUME_TOO_LARGE(this.source, maxBytes);
    }
  }

  spendEntry(): void {
    this.expectEntries(1);
    this.entries++;
  }

  /** Fails early where a number of files is announced. */
  expectEntries(count: number): void {
    const { maxEntries } = this.limits;
    if (this.entries + count > maxEntries) throw failures.VOLUME_TOO_MANY_ENTRIES(this.source, maxEntries);
  }

  /** For a download that starts anew. */
  refundBytes(count: number): void {
    this.bytes -= count;
  }
}
