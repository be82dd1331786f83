import { Injectable } from '@nestjs/common';
import type { OutputStream } from '@horde/protocol';
import { OutputStore } from '../output/output-store.ts';
import type { JobEvent, JobEventSource } from './job-event.ts';
import type { Places } from './places.ts';

/** The most that one event has. @unit bytes */
const maxPiece = 16 * 1024;

/** What jobs print while they run, where their validators send it. */
@Injectable()
export class KeptOutput implements JobEventSource {
  constructor(private readonly output: OutputStore) {}

  async *unread(job: string, places: Readonly<Places>): AsyncGenerator<JobEvent> {
    for (const stream of ['stdout', 'stderr'] as const) yield* this.stream(job, stream, places[stream]);
  }

  private async *stream(job: string, stream: OutputStream, from: number): AsyncGenerator<JobEvent> {
    for (let at = from; ;) {
      const part = await this.output.read(job, stream, at, maxPiece);
      if (!part) return;
      if (part.offset > at)
        yield event('gap', { stream, from: at, to: part.offset }, { [stream]: part.offset });
      at = part.offset;
      const whole = part.data.subarray(0, part.data.length - cutBytes(part.data));
      const isStuck = whole.length === 0 && part.data.length > 0;
      if (isStuck && !part.end) {
        // The rest of the character is still to come, has just come, or never will.
        const behind = at + part.data.length;
        const next = await this.output.read(job, stream, behind, 1);
        if (!next) return;
        if (next.offset === behind && next.data.length > 0) continue;
      }
      const data = isStuck || (part.end && part.data.length < maxPiece) ? part.data : whole;
      if (data.length === 0) return;
      yield event('output', { stream, offset: at, ...readable(data) }, { [stream]: at + data.length });
      at += data.length;
    }
  }
}

const event = (type: JobEvent['type'], data: object, reached: Partial<Places>): JobEvent => ({
  type,
  data: [JSON.stringify(data)],
  reached,
});

/** As text, or as base64 where the bytes are no UTF-8. */
function readable(data: Buffer): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { base64: data.toString('base64') };
  }
}

/** How many bytes at the end are the beginning of a character whose rest is missing: at most 3. */
function cutBytes(data: Buffer): number {
  for (let back = 1; back <= Math.min(3, data.length); back++) {
    const byte = data[data.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
