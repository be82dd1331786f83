import { setTimeout as sleep } from 'node:timers/promises';
import { TokenBucket } from '@horde/async';
import {
  JobOutputRequest,
  make,
  maxOutputCredit,
  type JobOutputChunk,
  type OutputStream,
} from '@horde/protocol';
import type { OutputPart } from './output-sender.ts';

/**
 * How much of a stream is asked for at once, and a second from then on: a job that prints more has gaps, behind its
 * beginning. @unit bytes
 */
const burst = 8 * 2 ** 20;
const rate = 2 ** 20;
/** The pause before something is stored again that could not be. @unit ms */
const retryPause = 1_000;

/** Where output is kept. */
export interface OutputSink {
  /** Commits what follows of a stream. What is stored already changes nothing. */
  append(job: string, stream: OutputStream, part: OutputPart): Promise<void>;
}

/** How far a stream is stored. */
export interface OutputPosition {
  stream: OutputStream;
  /** @unit bytes */
  received: number;
  ended: boolean;
}

export interface OutputReceiverOptions {
  sink: OutputSink;
  send: (request: JobOutputRequest) => unknown;
  /** Called when more of a job's output is stored, or its end is. */
  onStored?: (job: string) => void;
  /** Called when the end of a stream is stored, and the peer told so. */
  onEnd?: (stream: OutputStream) => void;
  /** Told why something could not be stored; it is tried again. */
  onError: (error: unknown) => void;
}

interface Stream {
  job: string;
  /** What the job is called towards the peer. */
  name: string;
  stream: OutputStream;
  /** Everything before it is stored. */
  stored: number;
  /** Everything before it has come. */
  received: number;
  /** What was asked for ends here. */
  askedTo: number;
  waiting: OutputPart[];
  isStoring: boolean;
  /** What may be asked for. @unit bytes */
  budget: TokenBucket;
}

/** The receiving end of `logs-2` on one connection: asks for what is not stored, and says so when it is. */
export class OutputReceiver {
  private readonly streams = new Map<string, Stream>();
  private readonly closing = new AbortController();

  constructor(private readonly options: OutputReceiverOptions) {}

  /**
   * Asks for a stream, from where it is stored on; one that is followed already goes on. Of one that has ended, the peer
   * is told that it is stored.
   *
   * @param position how far it is stored
   * @param name what the job is called towards the peer
   */
  follow(job: string, { stream, received: stored, ended }: OutputPosition, name = job): void {
    const key = keyOf(name, stream);
    const known = this.streams.get(key);
    const one: Stream = known ?? {
      job,
      name,
      stream,
      stored,
      received: stored,
      askedTo: stored,
      waiting: [],
      isStoring: false,
      budget: new TokenBucket(rate, burst),
    };
    if (ended) return this.say(one, 0);
    this.streams.set(key, one);
    this.ask(one);
  }

  /** @returns why the chunk cannot be used, in a sentence for the peer; null: it is taken */
  take(chunk: JobOutputChunk): string | null {
    const one = this.streams.get(keyOf(chunk.job_uuid, chunk.stream));
    if (!one) return 'job_uuid: this output was not asked for';
    const { offset, end } = chunk;
    const data = Buffer.from(chunk.data, 'base64');
    if (offset < one.received) return 'offset: this output has come already';
    one.askedTo += offset - one.received; // a gap takes no credit
    if (offset + data.length > one.askedTo) return 'data: more than was asked for';
    one.received = offset + data.length;
    one.waiting.push({ offset, data, end });
    if (!one.isStoring) void this.store(one);
    return null;
  }

  /** The connection is gone: nothing more is asked for. What has come is still stored. */
  close(): void {
    this.closing.abort();
    this.streams.clear();
  }

  /** One piece after another; what comes meanwhile is stored together. Never rejects. */
  private async store(one: Stream): Promise<void> {
    one.isStoring = true;
    while (one.waiting.length > 0) {
      const part = together(one.waiting);
      if (!(await this.append(one, part))) break;
      one.stored = part.offset + part.data.length;
      this.options.onStored?.(one.job);
      if (part.end) this.end(one);
      else this.allow(one, part.data.length);
    }
    one.isStoring = false;
  }

  private async append({ job, stream }: Stream, part: OutputPart): Promise<boolean> {
    for (;;) {
      try {
        await this.options.sink.append(job, stream, part);
        return true;
      } catch (error) {
        this.options.onError(error);
        if (this.closing.signal.aborted) return false; // it is asked for again on the next connection
        await sleep(retryPause, undefined, { signal: this.closing.signal, ref: false }).catch(
          () => undefined,
        );
      }
    }
  }

  private end(one: Stream): void {
    this.streams.delete(keyOf(one.name, one.stream));
    this.say(one, 0);
    this.options.onEnd?.(one.stream);
  }

  /** Asks for more once half of what was asked for is stored, and not faster than `rate`. */
  private allow(one: Stream, bytes: number): void {
    const pause = one.budget.take(bytes);
    if (one.askedTo - one.stored > maxOutputCredit / 2) return;
    if (pause === 0) return this.ask(one);
    void sleep(pause, undefined, { signal: this.closing.signal, ref: false }).then(
      () => this.ask(one),
      () => undefined,
    );
  }

  private ask(one: Stream): void {
    if (this.streams.get(keyOf(one.name, one.stream)) !== one) return; // it has ended meanwhile
    one.askedTo = Math.max(one.askedTo, one.stored + maxOutputCredit);
    this.say(one, one.askedTo - one.stored);
  }

  private say({ name: job_uuid, stream, stored: offset }: Stream, credit: number): void {
    if (!this.closing.signal.aborted)
      this.options.send(make(JobOutputRequest, { job_uuid, stream, offset, credit }));
  }
}

const keyOf = (name: string, stream: OutputStream): string => `${stream} ${name}`;

/** Takes out the first parts that follow each other without a gap, as one. */
function together(parts: OutputPart[]): OutputPart {
  const first = parts[0]!;
  let [count, end] = [0, first.offset];
  while (parts[count]?.offset === end) end += parts[count++]!.data.length;
  const taken = parts.splice(0, count);
  return {
    offset: first.offset,
    data: taken.length === 1 ? first.data : Buffer.concat(taken.map(({ data }) => data)),
    end: taken.at(-1)!.end,
  };
}
