import type { JobOutput, StreamName } from './job-output.ts';

const headerSize = 8;
const streams: Record<number, StreamName> = { 1: 'stdout', 2: 'stderr' };

/**
 * Splits what Docker's attach sends without a terminal: frames of 8 bytes (stream number, three zeroes, length as
 * big-endian uint32) and a payload.
 */
export class Demultiplexer {
  private readonly header = Buffer.alloc(headerSize);
  private headerLength = 0;
  private stream: StreamName | undefined;
  /** Bytes of the payload that are still to come. */
  private left = 0;

  constructor(private readonly output: JobOutput) {}

  /**
   * Takes a copy of the next bytes, at most `maxAtOnce`.
   *
   * @returns null: more may come at once; a promise: more may come when it resolves
   */
  push(chunk: Buffer): Promise<void> | null {
    let at = 0;
    while (at < chunk.length) {
      if (this.left === 0) {
        at += this.readHeader(chunk, at);
      } else {
        const end = Math.min(chunk.length, at + this.left);
        if (this.stream) this.output.add(this.stream, chunk, at, end);
        this.left -= end - at;
        at = end;
      }
    }
    return this.output.flush();
  }

  private readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.header, this.headerLength, at);
    this.headerLength += taken;
    if (this.headerLength === headerSize) {
      this.stream = streams[this.header[0]!];
      this.left = this.header.readUInt32BE(4);
      this.headerLength = 0;
    }
    return taken;
  }
}
