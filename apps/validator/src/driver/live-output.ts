import { Injectable } from '@nestjs/common';
import type { JobOutput, OutputStream } from '@horde/protocol';

/** How much is kept of each stream of a job. @unit characters */
const maxKept = 32 * 1024;

/** A piece of a stream. */
export interface OutputPiece {
  /** How much the job had printed before it. @unit bytes */
  offset: number;
  text: string;
}

/**
 * The last of what running jobs print, as their miners pass it on. Some of it may be missing: the job's result has all.
 */
@Injectable()
export class LiveOutput {
  private readonly jobs = new Map<string, Record<OutputStream, OutputPiece[]>>();

  /** Keeps a piece; one that is not later than the last changes nothing. */
  take({ job_uuid, stream, offset, text }: JobOutput): void {
    const streams = this.jobs.get(job_uuid) ?? { stdout: [], stderr: [] };
    this.jobs.set(job_uuid, streams);
    const pieces = streams[stream];
    const last = pieces.at(-1);
    if (text === '' || (last && offset <= last.offset)) return;
    const left = text.slice(0, Math.max(0, text.length - maxKept));
    pieces.push({ offset: offset + Buffer.byteLength(left), text: text.slice(left.length) });
    for (let size = sizeOf(pieces); size > maxKept;) size -= pieces.shift()!.text.length;
  }

  /** The pieces of a stream that are still kept, oldest first; where offsets leave a gap, something is missing. */
  tail(job: string, stream: OutputStream): readonly OutputPiece[] {
    return this.jobs.get(job)?.[stream] ?? [];
  }

  /** The job has ended. */
  forget(job: string): void {
    this.jobs.delete(job);
  }
}

const sizeOf = (pieces: OutputPiece[]): number => pieces.reduce((sum, { text }) => sum + text.length, 0);
