import { around, doublingPause, pause } from '@horde/async';
import { reasonOf } from '@horde/network';
import { HordeClientError } from '../client-error.ts';
import { isTransient } from '../http.ts';
import type { JobEvent } from './job-event.ts';
import type { JobSource } from './job-source.ts';
import { News } from './news.ts';
import { pollJob } from './poll-job.ts';
import { readJobEvent } from './read-event.ts';
import { serverEvents } from './server-events.ts';

export interface EventOptions {
  signal?: AbortSignal;
  /** Goes on behind the event that had this `id`. @default from the beginning */
  lastEventId?: string | null;
  /** Told in a sentence that the facilitator cannot be heard for a while, and is tried again; null: it is heard again. */
  onAway?: (why: string | null) => void;
}

/** Before a stream that broke is opened again. */
const pauses = { first: 100, max: 3_000 };
/** Facilitators send a comment every 15 s: a connection on which nothing comes for so long is dead. @unit ms */
const silence = 45_000;
/** How long a job is polled before its stream is tried again, when its user has too many of them open. @unit ms */
const pollWhileCrowded = 15_000;

/**
 * The events of a job until it has ended: from the facilitator's stream, opened again behind the last event whenever it
 * breaks; by polling from a facilitator without one.
 *
 * @param read looks at the job; called for the last time before `end` is told
 * @throws HordeClientError when the facilitator is away for longer than the source's patience; the signal's reason
 */
export async function* followJob(
  source: JobSource,
  read: JobSource['read'],
  { signal: stopped, lastEventId = null, onAway }: EventOptions = {},
): AsyncGenerator<JobEvent, void, undefined> {
  const left = new AbortController();
  const signal = stopped ? AbortSignal.any([stopped, left.signal]) : left.signal;
  const news = new News();
  let cursor = lastEventId;
  /** How long the job is polled, instead. @unit ms */
  let polling = 0;
  let failures = 0;
  let aliveAt = performance.now();
  let isAway = false;
  const tellAway = (why: string | null) => {
    if (isAway === (why !== null)) return;
    isAway = why !== null;
    onAway?.(why);
  };
  const onSign = () => {
    aliveAt = performance.now();
    tellAway(null);
    failures = 0;
  };

  async function* streamed(): AsyncGenerator<JobEvent> {
    const body = await source.open(cursor, signal);
    for await (const { id, type, fields } of serverEvents(body, { onSign, silence })) {
      const event = readJobEvent(id, type, fields);
      if (event?.type === 'end') await read(signal);
      if (event) yield event;
      cursor = id ?? cursor;
    }
    throw new Error('its stream of events ends before the job does');
  }

  try {
    for (;;) {
      try {
        for await (const event of polling > 0 ? pollJob(read, { signal, onSign, polling }) : streamed()) {
          const fresh = news.of(event);
          if (fresh) yield fresh;
          if (event.type === 'end') return;
        }
        polling = 0;
      } catch (error) {
        signal.throwIfAborted();
        const instead = polling > 0 ? 0 : pollingAfter(error);
        if (instead > 0) {
          polling = instead;
          continue;
        }
        if (error instanceof HordeClientError && !isTransient(error)) throw error;
        const away = isTransient(error) ? (error as HordeClientError) : source.unreachable(reasonOf(error));
        if (performance.now() - aliveAt > source.patience) throw away;
        // That a stream breaks once is nothing to tell: it is opened again at once.
        if (++failures > 1) tellAway(away.message);
        await pause(around(doublingPause(failures, pauses)), signal);
      }
    }
  } finally {
    left.abort();
  }
}

/** How long to poll when the stream was refused so; 0: not at all. @unit ms */
function pollingAfter(error: unknown): number {
  if (!(error instanceof HordeClientError)) return 0;
  if (error.status === 429) return pollWhileCrowded;
  // A facilitator of before, or ComputeHorde's. Whether there is such a job at all is what polling finds out.
  return error.code === 'NOT_FOUND' || error.code === 'NOT_SUPPORTED' ? Infinity : 0;
}
