import { pause } from '@horde/async';
import { isTerminal } from '@horde/protocol';
import { readJobEvent } from './read-event.ts';
import type { JobEvent, OutputStream } from './job-event.ts';
import type { JobSource } from './job-source.ts';
import { printedBy, statusOf, type JobResource } from '../job-resource.ts';

/** @unit ms */
const pauses = { shortest: 40, longest: 3_000 };

interface Polling {
  signal: AbortSignal;
  /** Called when the facilitator has answered. */
  onSign: () => void;
  /** For how long. @unit ms */
  polling: number;
}

/**
 * A job's events as they can be told from looking at it again and again: all of its statuses each time, what it has
 * printed once it has ended. The facilitator is asked often at first and every three seconds in the end.
 */
export async function* pollJob(
  read: JobSource['read'],
  { signal, onSign, polling }: Polling,
): AsyncGenerator<JobEvent> {
  const start = performance.now();
  for (;;) {
    const job = await read(signal);
    onSign();
    yield* eventsOf(job);
    const elapsed = performance.now() - start;
    if (elapsed >= polling) return;
    await pause(Math.min(Math.max(pauses.shortest, elapsed / 20), pauses.longest), signal);
  }
}

function* eventsOf(job: JobResource): Generator<JobEvent> {
  for (const entry of job.status_history) {
    const event = readJobEvent(null, 'status', entry);
    if (event) yield event;
  }
  const status = statusOf(job);
  if (!isTerminal(status)) return;
  for (const [stream, text] of Object.entries(printedBy(job)) as [OutputStream, string][]) {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) yield { id: null, type: 'output', stream, offset: 0, bytes, text };
  }
  yield { id: null, type: 'end', status };
}
