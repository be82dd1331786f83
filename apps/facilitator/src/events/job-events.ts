import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement } from '@horde/database';
import { isTerminal, OutputStream, type JobStatus } from '@horde/protocol';
import type { JobEvent } from './job-event.ts';
import { isFinished, type EventKind, type Reading } from './reading.ts';
import type { Places } from './places.ts';
import { RecordedEvents } from './recorded-events.ts';
import { OutputStore } from '../output/output-store.ts';
import { KeptOutput } from './kept-output.ts';
import { StoredOutput } from './stored-output.ts';

/** How long the rest of an ended job's output is waited for at once. @unit ms */
const maxPause = 1_000;

const statusOf = new PreparedStatement<{ status: JobStatus }>(
  'select status from job where uuid = $1 and hotkey = $2',
);

/** A job's events, from all of their sources in the order in which they are told. */
@Injectable()
export class JobEvents {
  constructor(
    private readonly recorded: RecordedEvents,
    private readonly keptOutput: KeptOutput,
    private readonly output: OutputStore,
    private readonly storedOutput: StoredOutput,
    private readonly database: Database,
  ) {}

  /** The status of one of a user's jobs; null: this is none of them. */
  async statusOf(hotkey: string, job: string): Promise<JobStatus | null> {
    const [row] = await statusOf.run(this.database.manager, [job, hotkey]);
    return row?.status ?? null;
  }

  /**
   * The events of these kinds that a reader does not have and that are there now, each once; of a job that has ended, all.
   * While they are read, `reading` moves on. Nothing follows the event `end`.
   */
  async *unread(reading: Reading, kinds: ReadonlySet<EventKind>): AsyncGenerator<JobEvent> {
    if (kinds.has('recorded'))
      for await (const event of this.recorded.unread(reading.job, reading.places)) {
        if (event.type === 'status' && isTerminal(event.status as JobStatus))
          reading.ended = event.status as JobStatus;
        yield advanced(reading, event);
      }
    if (!reading.ended) {
      if (kinds.has('output')) yield* this.kept(reading);
      return;
    }
    while (!isFinished(reading)) {
      const looked = new AbortController();
      // Listened for before it is asked, and asked before it is read: what comes in between is not missed.
      const changed = this.output.changed(reading.job, maxPause, looked.signal);
      try {
        const isComplete = await this.output.isComplete(reading.job);
        yield* this.kept(reading);
        if (isComplete || isFinished(reading)) break;
        await changed;
      } finally {
        looked.abort();
      }
    }
    yield* this.stored(reading);
    yield { type: 'end', data: [JSON.stringify({ status: reading.ended })], reached: {} };
  }

  private async *kept(reading: Reading): AsyncGenerator<JobEvent> {
    for await (const event of this.keptOutput.unread(reading)) yield advanced(reading, event);
  }

  /** What is in the result of an ended job, of streams of which nothing was kept. */
  private async *stored(reading: Reading): AsyncGenerator<JobEvent> {
    const kept = isFinished(reading)
      ? OutputStream.filter((stream) => reading.places[stream] > 0)
      : (await this.output.of(reading.job))
          .filter(({ received }) => received > 0)
          .map(({ stream }) => stream);
    if (kept.length === OutputStream.length) return;
    for await (const event of this.storedOutput.unread(reading.job, reading.places))
      if (!kept.some((stream) => event.reached[stream] !== undefined)) yield advanced(reading, event);
  }

  /** How far one can come now with each of these jobs; one that has been removed has no entry. */
  newest(jobs: string[]): Promise<Map<string, Pick<Places, 'status' | 'progress'>>> {
    return this.recorded.newest(jobs);
  }
}

function advanced(reading: Reading, event: JobEvent): JobEvent {
  Object.assign(reading.places, event.reached);
  return event;
}
