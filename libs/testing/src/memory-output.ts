import type { OutputStream } from '@horde/protocol';
import type { OutputPart, OutputPosition, OutputSink } from '@horde/transport';

/** Jobs' output as a receiver has stored it: it survives whatever happens to its connections. */
export class MemoryOutput implements OutputSink {
  private readonly streams = new Map<string, { data: Buffer[]; position: OutputPosition }>();
  /** Where bytes are missing: from, to. */
  readonly gaps: [number, number][] = [];

  position(job: string, stream: OutputStream): OutputPosition {
    return this.of(job, stream).position;
  }

  text(job: string, stream: OutputStream): string {
    return Buffer.concat(this.of(job, stream).data).toString();
  }

  async append(job: string, stream: OutputStream, { offset, data, end }: OutputPart): Promise<void> {
    const kept = this.of(job, stream);
    const { received } = kept.position;
    if (offset > received) this.gaps.push([received, offset]);
    kept.data.push(data.subarray(Math.max(0, received - offset)));
    kept.position = { stream, received: Math.max(received, offset + data.length), ended: end };
  }

  private of(job: string, stream: OutputStream) {
    const key = `${stream} ${job}`;
    const known = this.streams.get(key) ?? { data: [], position: { stream, received: 0, ended: false } };
    this.streams.set(key, known);
    return known;
  }
}
