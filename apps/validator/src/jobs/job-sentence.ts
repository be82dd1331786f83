import { isTerminal, jobStatuses, type JobStatus } from '@horde/protocol';

/** The newest line of a job's history; `metadata` is what came with it, as JSON. */
export interface LastEvent {
  status: JobStatus;
  metadata: string | null;
}

/** Why a job is where it is, where nothing says what it waits for. */
export function sentenceOf(last: LastEvent | undefined): string {
  if (!last || last.status === 'unknown') return 'Nothing is known of it.';
  const facts = jobStatuses[last.status];
  if (!isTerminal(last.status)) return `It waits until ${facts.wait!.next}.`;
  return messageIn(last.metadata) ?? `It has ended: ${facts.happened}.`;
}

function messageIn(metadata: string | null): string | null {
  const details =
    metadata === null ? {} : (JSON.parse(metadata) as Record<string, { message?: unknown } | null>);
  const found = ['job_rejection_details', 'job_failure_details', 'horde_failure_details']
    .map((name) => details[name]?.message)
    .find((message) => typeof message === 'string' && message !== '');
  return (found as string | undefined) ?? null;
}
