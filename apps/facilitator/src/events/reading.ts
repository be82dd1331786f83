import { OutputStream, type JobStatus } from '@horde/protocol';
import type { Places } from './places.ts';

/** What is recorded of a job (statuses, waits, progress), and what it prints. Each is read when there is news of it. */
export type EventKind = 'recorded' | 'output';

/** How far somebody has read a job's events. */
export interface Reading {
  readonly job: string;
  readonly places: Places;
  /** The status that the job has ended with, as far as is known here; null: it goes on. */
  ended: JobStatus | null;
  /** What of its output has been read to the end. */
  readonly finished: Set<OutputStream>;
}

/** Whether all of its output has been read. */
export const isFinished = ({ finished }: Reading): boolean =>
  OutputStream.every((stream) => finished.has(stream));
