import type { Job, JobEvent } from '@horde/sdk';

/** Without news for so long, all that is known was told. @unit ms */
const quiet = 700;

/** The events of a job up to now: until it has ended, or nothing more comes at once. @throws HordeClientError, the signal's reason */
export async function* eventsUntilNow(job: Job, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), quiet);
  try {
    for await (const event of job.events({ signal: AbortSignal.any([signal, enough.signal]) })) {
      timer.refresh();
      yield event;
    }
  } catch (error) {
    if (signal.aborted || !enough.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}
