import { close, open, write } from 'node:fs';
import { promisify } from 'node:util';

/** Bytes that may be added at once where `isFull` is false. */
export const maxAtOnce = 64 * 1024;
const bufferSize = 4 * maxAtOnce;

/**
 * Writes what comes in small pieces to a file: while one buffer is written the other is filled, and no memory is used
 * but these two, however much comes. Nor is there garbage for each piece, in promises or in views of a buffer: at
 * a hundred thousand pieces, it is what would make the process grow.
 */
export class OutputFile {
  private filling = Buffer.allocUnsafeSlow(bufferSize);
  private length = 0;
  private told = 0;
  private writing = Buffer.allocUnsafeSlow(bufferSize);
  private writtenOf = { from: 0, to: 0 };
  private isWriting = false;
  private isBroken = false;
  private waiting: PromiseWithResolvers<void> | null = null;
  private idle: PromiseWithResolvers<void> | null = null;
  private closed: Promise<void> | null = null;

  /**
   * @param tell gets all that is added, in larger pieces where it can; their memory is used again
   * @param fail told when the file cannot be written
   * @param wrote told how many more bytes are in the file
   */
  constructor(
    private readonly file: number,
    private readonly tell: (chunk: Buffer) => void,
    private readonly fail: (error: Error) => void,
    private readonly wrote: (bytes: number) => void = () => {},
  ) {}

  /** Opens an empty file. */
  static open(path: string): Promise<number> {
    return promisify(open)(path, 'w', 0o644);
  }

  get isFull(): boolean {
    return this.length > bufferSize - maxAtOnce;
  }

  /** Resolves when it is not full any more. */
  hasRoom(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    this.waiting ??= Promise.withResolvers();
    return this.waiting.promise;
  }

  /** Takes a copy of at most `maxAtOnce` bytes; drops them once the file cannot be written. */
  add(chunk: Buffer, from: number, to: number): void {
    if (this.isBroken) return;
    this.length += chunk.copy(this.filling, this.length, from, to);
  }

  /** Tells of what was added. */
  tellNow(): void {
    if (this.told < this.length) this.tell(this.filling.subarray(this.told, this.length));
    this.told = this.length;
  }

  /** Has all that was added announced and, sooner or later, written. */
  flush(): void {
    this.tellNow();
    if (!this.isWriting && !this.isBroken) this.writeNext();
  }

  /** Waits until all is written, or cannot be. Idempotent. */
  close(): Promise<void> {
    this.closed ??= this.writeLast();
    return this.closed;
  }

  private async writeLast(): Promise<void> {
    this.flush();
    if (this.isWriting) await (this.idle = Promise.withResolvers()).promise;
    await promisify(close)(this.file);
  }

  private writeNext(): void {
    const { writtenOf } = this;
    if (writtenOf.from === writtenOf.to) {
      if (this.length === 0) return this.stop();
      this.tellNow();
      [this.filling, this.writing] = [this.writing, this.filling];
      writtenOf.from = 0;
      writtenOf.to = this.length;
      this.length = 0;
      this.told = 0;
      this.waiting?.resolve();
      this.waiting = null;
    }
    this.isWriting = true;
    write(this.file, this.writing, writtenOf.from, writtenOf.to - writtenOf.from, null, this.onWritten);
  }

  private readonly onWritten = (error: Error | null, bytesWritten: number): void => {
    this.writtenOf.from += bytesWritten;
    if (bytesWritten > 0) this.wrote(bytesWritten);
    if (!error) return this.writeNext();
    this.isBroken = true;
    this.fail(error);
    this.length = 0;
    this.told = 0;
    this.waiting?.resolve();
    this.stop();
  };

  private stop(): void {
    this.isWriting = false;
    this.idle?.resolve();
  }
}
