import { Injectable } from '@nestjs/common';
import { outputPieces } from '@horde/database';
import { OutputStream } from '@horde/protocol';
import { OutputStore } from '../output/output-store.ts';
import type { JobEvent } from './job-event.ts';
import type { Reading } from './reading.ts';
import type { Places } from './places.ts';

/** The most that one event has. @unit bytes */
const maxPiece = 16 * 1024;

/** What jobs print while they run, where their validators send it. */
@Injectable()
export class KeptOutput {
  constructor(private readonly output: OutputStore) {}

  /** What has come behind what was read of it, each once, in order; `reading` is told what has been read to its end. */
  async *unread(reading: Reading): AsyncGenerator<JobEvent> {
    const streams = OutputStream.filter((stream) => !reading.finished.has(stream)).map((stream) =>
      this.stream(reading, stream),
    );
    // Both are asked for at once, which is one question to the database.
    const firsts = streams.map((stream) => stream.next());
    for (const first of firsts) first.catch(() => undefined); // thrown where it is awaited
    for (const [at, stream] of streams.entries()) {
      const first = await firsts[at]!;
      if (first.done) continue;
      yield first.value;
      yield* stream;
    }
  }

  private async *stream({ job, places, finished }: Reading, stream: OutputStream): AsyncGenerator<JobEvent> {
    const read = (offset: number, max: number) => this.output.read(job, stream, offset, max);
    let at = places[stream];
    for await (const { offset, data, end } of outputPieces(read, at, maxPiece)) {
      if (offset > at) yield event('gap', { stream, from: at, to: offset }, { [stream]: offset });
      at = offset + data.length;
      if (data.length > 0) yield event('output', { stream, offset, ...readable(data) }, { [stream]: at });
      if (end) finished.add(stream);
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
