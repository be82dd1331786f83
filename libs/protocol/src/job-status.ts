import type { JobStatus } from './enums.ts';

const terminalStatuses: readonly JobStatus[] = ['completed', 'rejected', 'failed', 'horde_failed'];

export const isTerminal = (status: JobStatus): boolean => terminalStatuses.includes(status);

/** Statuses in the order in which a job passes them; a peer may leave some out. */
const order: readonly JobStatus[] = [
  'sent',
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'streaming_ready',
  'execution_done',
];

/**
 * Whether a job in status `from` may be told to be in `to`: forward on its path (steps may be missing, as
 * with older peers), or to an end; never back, never out of an end, never twice.
 */
export function mayFollow(from: JobStatus, to: JobStatus): boolean {
  if (isTerminal(from) || to === 'unknown') return false;
  return isTerminal(to) || order.indexOf(to) > order.indexOf(from);
}
