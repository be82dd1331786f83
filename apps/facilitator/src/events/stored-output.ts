import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { OutputStream, parseJson } from '@horde/protocol';
import { maxInline, readStatuses, readText, type StatusRow, type StoredText } from '../jobs/job-rows.ts';
import type { JobEvent, JobEventSource } from './job-event.ts';
import { textOfJsonString } from './json-string.ts';
import type { Places } from './places.ts';

type Stream = 'stdout' | 'stderr';

/** A failure's metadata up to this size are looked into for what its job has printed; larger ones tell it themselves. @unit bytes */
const maxFailure = 4 * 1024 * 1024;

/** What an ended job has printed, of its stored result: of jobs whose output did not come while they ran. */
@Injectable()
export class StoredOutput implements JobEventSource {
  constructor(private readonly database: Database) {}

  async *unread(job: string, places: Readonly<Places>): AsyncGenerator<JobEvent> {
    const end = (await readStatuses(this.database, [job])).at(-1);
    if (!end) return;
    for (const stream of OutputStream) {
      let offset = 0;
      for await (const text of this.printed(end, stream)) {
        const size = Buffer.byteLength(text);
        const unread = Math.min(size, offset + size - places[stream]);
        offset += size;
        if (unread > 0) yield outputEvent(stream, offset, unread === size ? text : lastBytes(text, unread));
      }
    }
  }

  private printed(end: StatusRow, stream: Stream): AsyncIterable<string> {
    if (end.status === 'failed') return this.printedByFailed(end, stream);
    return textOfJsonString(this.bytesOf(end[stream] ?? '""'));
  }

  private async *printedByFailed({ metadata }: StatusRow, stream: Stream): AsyncGenerator<string> {
    if (metadata === null || (typeof metadata === 'object' && metadata.size > maxFailure)) return;
    const pieces: Uint8Array[] = [];
    for await (const piece of this.bytesOf(metadata)) pieces.push(piece);
    const json = parseJson(Buffer.concat(pieces).toString());
    const details = json instanceof Map && json.get('job_failure_details');
    const text = details instanceof Map && details.get(`docker_process_${stream}`);
    if (typeof text !== 'string') return;
    for (let at = 0; at < text.length;) {
      let end = Math.min(at + maxInline, text.length);
      if (end < text.length && text.codePointAt(end - 1)! > 0xffff) end++;
      yield text.slice(at, end);
      at = end;
    }
  }

  private async *bytesOf(text: Exclude<StoredText, null>): AsyncGenerator<Uint8Array> {
    if (typeof text === 'string') yield Buffer.from(text);
    else yield* readText(this.database, text);
  }
}

/** @param end where the stream is behind this text. @unit bytes */
function outputEvent(stream: Stream, end: number, text: string): JobEvent {
  const offset = end - Buffer.byteLength(text);
  return {
    type: 'output',
    data: [JSON.stringify({ stream, offset, text })],
    reached: { [stream]: end },
  };
}

const lastBytes = (text: string, size: number): string => Buffer.from(text).subarray(-size).toString();
