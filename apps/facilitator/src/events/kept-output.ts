import { Injectable } from '@nestjs/common';
import { outputPieces } from '@horde/database';
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
    const read = (offset: number, max: number) => this.output.read(job, stream, offset, max);
    let at = from;
    for await (const { offset, data } of outputPieces(read, from, maxPiece)) {
      if (offset > at) yield event('gap', { stream, from: at, to: offset }, { [stream]: offset });
      at = offset + data.length;
      if (data.length > 0) yield event('output', { stream, offset, ...readable(data) }, { [stream]: at });
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
