import { setTimeout as sleep } from 'node:timers/promises';
import { JobOutputChunk, make, type JobOutputRequest, type OutputStream } from '@horde/protocol';

/** The most that one chunk brings. @unit bytes */
const maxChunk = 64 * 1024;

/** A part of a stream. */
export interface OutputPart {
  /** How much of the stream comes before it. @unit bytes */
  offset: number;
  data: Buffer;
  /** Whether the stream ends behind it. */
  end: boolean;
}

/** Where output is sent from. */
export interface OutputSource {
  /**
   * What there is of a stream from `offset` on; what begins later follows a gap. Of a job that will never have any, its
   * end.
   *
   * @param max how many bytes at most
   * @returns null while there is nothing
   */
  read(job: string, stream: OutputStream, offset: number, max: number): Promise<OutputPart | null>;
}

/** What may still be sent of a stream. */
interface Window {
  from: number;
  to: number;
  isBusy: boolean;
  /** Something may have come since the source was looked at. */
  isRung: boolean;
  /** The end has been sent: a request that it has crossed wants no more. */
  isOver: boolean;
}

/** The sending end of `logs-2` on one connection: answers each request as soon as there is something, and never beyond it. */
export class OutputSender {
  /** By job, then by stream. */
  private readonly windows = new Map<string, Map<OutputStream, Window>>();

  /**
   * @param send resolves when the chunk is handed to the system, false: the connection is gone
   * @param onError told why a source could not be read; the peer asks again on its next connection
   * @param gathering how long output is gathered behind a chunk before the next one is sent. @unit ms
   */
  constructor(
    private readonly source: OutputSource,
    private readonly send: (chunk: JobOutputChunk) => Promise<boolean>,
    private readonly onError: (error: unknown) => void,
    private readonly gathering = 0,
  ) {}

  /** The peer asks. On one connection nothing is sent twice: a later request of the same stream only adds to an earlier one. */
  request({ job_uuid: job, stream, offset, credit }: JobOutputRequest): void {
    if (credit === 0) return this.forget(job, stream); // it acknowledges, and wants no more
    const streams = this.windows.get(job) ?? new Map<OutputStream, Window>();
    this.windows.set(job, streams);
    const window = streams.get(stream) ?? { from: 0, to: 0, isBusy: false, isRung: false, isOver: false };
    streams.set(stream, window);
    window.from = Math.max(window.from, offset);
    window.to = Math.max(window.to, offset + credit);
    this.answer(job, stream, window);
  }

  /** Whether the peer has asked for output of this job here, and does not have all of it. */
  knows(job: string): boolean {
    return this.windows.has(job);
  }

  /** There may be more of the job's output, or its end. @param job null: of any */
  ring(job: string | null): void {
    for (const one of job === null ? this.windows.keys() : [job])
      for (const [stream, window] of this.windows.get(one) ?? []) this.answer(one, stream, window);
  }

  private answer(job: string, stream: OutputStream, window: Window): void {
    window.isRung = true;
    if (window.isBusy || window.isOver) return;
    window.isBusy = true;
    this.sendAll(job, stream, window)
      .catch((error: unknown) => this.onError(error))
      .finally(() => (window.isBusy = false));
  }

  private async sendAll(job: string, stream: OutputStream, window: Window): Promise<void> {
    while (window.isRung) {
      window.isRung = false;
      for (let part; (part = await this.next(job, stream, window));) {
        const { offset, data, end } = part;
        window.to += offset - window.from; // a gap takes no credit
        window.from = offset + data.length;
        const chunk = { job_uuid: job, stream, offset, data: data.toString('base64'), end };
        window.isOver = end;
        if (!(await this.send(make(JobOutputChunk, chunk))) || end) return;
        if (this.gathering > 0 && data.length < maxChunk) await sleep(this.gathering);
      }
    }
  }

  private async next(job: string, stream: OutputStream, { from, to }: Window): Promise<OutputPart | null> {
    const part = await this.source.read(job, stream, from, Math.min(to - from, maxChunk));
    return part && (part.end || part.data.length > 0) ? part : null;
  }

  private forget(job: string, stream: OutputStream): void {
    const streams = this.windows.get(job);
    streams?.delete(stream);
    if (streams?.size === 0) this.windows.delete(job);
  }
}
