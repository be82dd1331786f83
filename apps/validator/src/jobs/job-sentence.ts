import { endSentence, type JobStatus, waitOf } from '@horde/protocol';

/** The newest line of a job's history; `metadata` is what came with it, as JSON. */
export interface LastEvent {
  status: JobStatus;
  metadata: string | null;
}

/** Why a job is where it is, where nothing says what it waits for. */
export function sentenceOf(last: LastEvent | undefined): string {
  if (!last || last.status === 'unknown') return 'Nothing is known of it.';
  const wait = waitOf(last.status);
  if (wait) return `It waits until ${wait.next}.`;
  return endSentence(last.status, messageIn(last.metadata));
}

/** What was said of why a job ended; null: nothing. @param metadata of its last event, as JSON */
export function messageIn(metadata: string | null): string | null {
  const details =
    metadata === null ? {} : (JSON.parse(metadata) as Record<string, { message?: unknown } | null>);
  const found = ['job_rejection_details', 'job_failure_details', 'horde_failure_details']
    .map((name) => details[name]?.message)
    .find((message) => typeof message === 'string' && message !== '');
  return (found as string | undefined) ?? null;
}
