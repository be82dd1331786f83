import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { isTerminal, type JobStatus } from '@horde/protocol';
import type { JobEvent } from './job-event.ts';
import type { Places } from './places.ts';
import { RecordedEvents } from './recorded-events.ts';
import { OutputStore } from '../output/output-store.ts';
import { KeptOutput } from './kept-output.ts';
import { StoredOutput } from './stored-output.ts';

/** How long the rest of an ended job's output is waited for at once. @unit ms */
const maxPause = 1_000;

/** How far somebody has read a job's events. */
export interface Reading {
  readonly job: string;
  readonly places: Places;
  /** The status that the job has ended with, as far as is known here; null: it goes on. */
  ended: JobStatus | null;
}

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
    const [row] = await this.database.manager.query<{ status: JobStatus }[]>(
      'select status from job where uuid = $1 and hotkey = $2',
      [job, hotkey],
    );
    return row?.status ?? null;
  }

  /**
   * The events that a reader does not have and that are there now, each once. While they are read, `reading` moves on.
   * Nothing follows the event `end`.
   */
  async *unread(reading: Reading): AsyncGenerator<JobEvent> {
    for await (const event of this.recorded.unread(reading.job, reading.places)) {
      if (event.type === 'status' && isTerminal(event.status as JobStatus))
        reading.ended = event.status as JobStatus;
      yield advanced(reading, event);
    }
    yield* this.kept(reading);
    if (!reading.ended) return;
    for (;;) {
      // Asked before it is read: what comes in between is read, too.
      const isComplete = await this.output.isComplete(reading.job);
      yield* this.kept(reading);
      if (isComplete) break;
      await this.output.changed(reading.job, maxPause);
    }
    const kept = (await this.output.of(reading.job)).filter(({ received }) => received > 0);
    for await (const event of this.storedOutput.unread(reading.job, reading.places))
      if (!kept.some(({ stream }) => event.reached[stream] !== undefined)) yield advanced(reading, event);
    yield { type: 'end', data: [JSON.stringify({ status: reading.ended })], reached: {} };
  }

  private async *kept(reading: Reading): AsyncGenerator<JobEvent> {
    for await (const event of this.keptOutput.unread(reading.job, reading.places))
      yield advanced(reading, event);
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
