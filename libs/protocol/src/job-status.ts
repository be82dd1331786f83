import type { JobStatus } from './enums.ts';

/** Which status may follow which, for a job as its user sees it. Terminal statuses are followed by nothing. */
export const jobTransitions = {
  unknown: [],
  sent: ['received', 'rejected', 'failed', 'horde_failed'],
  received: ['accepted', 'rejected', 'failed', 'horde_failed'],
  accepted: ['executor_ready', 'rejected', 'failed', 'horde_failed'],
  executor_ready: ['volumes_ready', 'failed', 'horde_failed'],
  volumes_ready: ['streaming_ready', 'execution_done', 'failed', 'horde_failed'],
  streaming_ready: ['execution_done', 'failed', 'horde_failed'],
  execution_done: ['completed', 'failed', 'horde_failed'],
  completed: [],
  rejected: [],
  failed: [],
  horde_failed: [],
} as const satisfies Record<JobStatus, readonly JobStatus[]>;

export const terminalStatuses: readonly JobStatus[] = ['completed', 'rejected', 'failed', 'horde_failed'];

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
