import type { JobStatus } from '@horde/protocol';
import type { StatusMetadata } from '../job-resource.ts';

/** Of what a job has printed. */
export type OutputStream = 'stdout' | 'stderr';

/** The job is in a new status. */
export interface StatusEvent {
  type: 'status';
  status: JobStatus;
  createdAt: Date;
  metadata: StatusMetadata;
}

/** The job waits for something, or no longer. */
export interface WaitEvent {
  type: 'wait';
  /** A sentence; null: it waits for nothing that is known. */
  waitsFor: string | null;
  since: Date | null;
  /** When the wait ends at the latest; null: not known. */
  until: Date | null;
}

/** An image is being pulled, or a volume downloaded. */
export interface ProgressEvent {
  type: 'progress';
  stage: 'pull' | 'download';
  /** Of the image or the file. */
  name: string;
  /** @unit bytes */
  done: number;
  /** null: not known. @unit bytes */
  total: number | null;
}

/** A piece of what the job prints. */
export interface OutputEvent {
  type: 'output';
  stream: OutputStream;
  /** Of its first byte in the stream. */
  offset: number;
  bytes: Buffer;
  /** The bytes as UTF-8. No character is cut; bytes that are none are replaced. */
  text: string;
}

/** Bytes of the output that nobody has kept. */
export interface GapEvent {
  type: 'gap';
  stream: OutputStream;
  /** The first byte that is missing. */
  from: number;
  /** The first byte behind the gap. */
  to: number;
}

/** The job has ended, and all that is kept of its output was told. The last event. */
export interface EndEvent {
  type: 'end';
  status: JobStatus;
}

/**
 * What happens to a job. `id` says where in the stream it stands: `events({ lastEventId: id })` goes on behind it. It is
 * null where a facilitator has no event stream.
 */
export type JobEvent = { id: string | null } & (
  StatusEvent | WaitEvent | ProgressEvent | OutputEvent | GapEvent | EndEvent
);
