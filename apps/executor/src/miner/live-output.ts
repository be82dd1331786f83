import { setTimeout as sleep } from 'node:timers/promises';
import { JobOutput, make, writeFrame } from '@horde/protocol';
import type { OutputFeed, OutputPiece, OutputStream } from './output-feed.ts';
import { StreamText } from './stream-text.ts';

/** How long output is gathered before it is passed on. @unit ms */
const interval = 100;
/** The most that is passed on in each interval; a job that prints more has gaps in its live output. @unit bytes */
const maxPerInterval = 256 * 1024;
/** The most that one frame brings. @unit bytes */
const maxPerFrame = 16 * 1024;

interface Stretch {
  stream: OutputStream;
  /** Where it begins and ends in its stream. @unit bytes */
  offset: number;
  end: number;
  text: string;
}

/**
 * Passes on what a job prints, while it runs. Nothing waits here for a miner that is slow or away: the feed keeps the
 * newest output, and what got lost shows in the offsets.
 */
export class LiveOutput {
  private readonly texts = { stdout: new StreamText(), stderr: new StreamText() };
  private gathered: Stretch[] = [];
  private size = 0;

  /**
   * @param listener resolves when somebody can be sent to
   * @param send resolves when a frame is handed to the system, or is lost
   */
  constructor(
    private readonly jobUuid: string,
    private readonly feed: OutputFeed,
    private readonly listener: () => Promise<unknown>,
    private readonly send: (frame: string) => Promise<unknown>,
  ) {}

  /** Resolves when the job has ended and the last of its output was passed on. */
  async run(): Promise<void> {
    const pieces = this.feed.follow();
    let next = pieces.next();
    for (let nextTurn = 0; ;) {
      await this.listener();
      const first = await next;
      if (first.done) break;
      this.gather(first.value);
      const turn = sleep(Math.max(0, nextTurn - Date.now()), null);
      next = pieces.next();
      while (this.size < maxPerInterval) {
        const more = await Promise.race([next, turn]);
        if (more === null || more.done) break;
        this.gather(more.value);
        next = pieces.next();
      }
      await this.flush();
      if (this.size >= maxPerInterval) await turn;
      this.size = 0;
      nextTurn = Date.now() + interval;
    }
    for (const stream of ['stdout', 'stderr'] as const) this.add(stream, this.texts[stream].end());
    await this.flush();
  }

  private gather({ stream, offset, bytes }: OutputPiece): void {
    this.size += bytes.length;
    for (let at = 0; at < bytes.length; at += maxPerFrame) {
      const part = bytes.subarray(at, at + maxPerFrame);
      this.add(stream, this.texts[stream].write(offset + at, part));
    }
  }

  /** Puts a text behind the one before it, where that is of the same stream and the frame does not get too large. */
  private add(stream: OutputStream, { offset, end, text }: ReturnType<StreamText['write']>): void {
    if (text === '') return;
    const last = this.gathered.findLast((one) => one.stream === stream);
    if (last?.end === offset && last.text.length + text.length <= maxPerFrame) {
      last.text += text;
      last.end = end;
    } else this.gathered.push({ stream, offset, end, text });
  }

  private async flush(): Promise<void> {
    for (const { stream, offset, text } of this.gathered.splice(0))
      await this.send(writeFrame(make(JobOutput, { job_uuid: this.jobUuid, stream, offset, text })));
  }
}
