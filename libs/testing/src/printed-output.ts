import { keptFrom, type OutputStream } from '@horde/protocol';
import type { OutputPart, OutputSource } from '@horde/transport';

/** What a job prints, for whoever asks for it. */
export class PrintedOutput implements OutputSource {
  private readonly streams = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  private ended = false;
  reads = 0;
  /** Called when there is more. */
  onPrinted: () => void = () => {};

  print(text: string | Buffer, stream: OutputStream = 'stdout'): void {
    this.streams[stream] = Buffer.concat([this.streams[stream], Buffer.from(text)]);
    this.onPrinted();
  }

  end(): void {
    this.ended = true;
    this.onPrinted();
  }

  async read(_job: string, stream: OutputStream, offset: number, max: number): Promise<OutputPart> {
    this.reads++;
    const { ended } = this;
    const all = this.streams[stream];
    const from = keptFrom(offset, all.length);
    const data = all.subarray(from, from + max);
    return { offset: from, data, end: ended && from + data.length >= all.length };
  }
}
