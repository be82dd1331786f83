import type { HordeClientError } from '../client-error.ts';
import type { JobDescription } from '../description.ts';
import type { JobResource } from '../job-resource.ts';

/** A job at its facilitator. Everything throws HordeClientError, or the reason of a signal that was aborted. */
export interface JobSource {
  /** Its stream of events behind this one. NOT_SUPPORTED or NOT_FOUND without one. */
  open(lastEventId: string | null, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** The job as it is now. */
  read(signal?: AbortSignal): Promise<JobResource>;
  /** Has the job ended. The job as it is now. */
  cancel(signal?: AbortSignal): Promise<JobResource>;
  /** Why it is where it is. NOT_SUPPORTED where the facilitator does not tell. */
  describe(signal?: AbortSignal): Promise<JobDescription>;
  /** The error for a facilitator that was away for too long. */
  unreachable(why: string): HordeClientError;
  /** How long the facilitator may be away before its events end with an error. @unit ms */
  patience: number;
}
