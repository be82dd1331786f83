import type { Transaction } from '@horde/database';
import {
  failureForOldValidator,
  isOldJobRequest,
  make,
  parseJson,
  StreamingJobNotReady,
  writeFrame,
  type HordeFailed,
  type JobFailed,
  type JobStatus,
  type JsonObject,
  type Message,
} from '@horde/protocol';

interface Facts {
  initial_request: string;
  /** This job's; before it has come, the newest that its validator has sent for another; null when there is none. */
  job_request: string | null;
  /** The statuses that the job has had. */
  passed: JobStatus[];
}

export const isFailure = (message: Message): message is JobFailed | HordeFailed =>
  message.message_type === 'V0JobFailedRequest' || message.message_type === 'V0HordeFailedRequest';

/**
 * A failure in words that the job's validator knows. One that is of the oldest generation, or may be because it has
 * sent no job request yet and does not sign, gets a form that all generations read.
 */
export async function failureFrame(
  tx: Transaction,
  failure: JobFailed | HordeFailed,
): Promise<{ type: string; frame: string }> {
  const facts = await factsOf(tx, failure.job_uuid);
  const seen = [facts.initial_request, facts.job_request].filter((text) => text !== null).map(read);
  if (!seen.every(mayBeOldest)) return { type: failure.message_type, frame: writeFrame(failure) };
  if (awaitsStreaming(facts)) {
    const notReady = make(StreamingJobNotReady, { job_uuid: failure.job_uuid });
    return { type: notReady.message_type, frame: writeFrame(notReady) };
  }
  const ready = facts.passed.includes('executor_ready');
  return {
    type: ready ? 'V0JobFailedRequest' : 'V0ExecutorFailedRequest',
    frame: failureForOldValidator(failure, ready),
  };
}

async function factsOf(tx: Transaction, uuid: string): Promise<Facts> {
  const [facts] = await tx.manager.query<Facts[]>(
    `select initial_request,
       coalesce(job_request, (
         select other.job_request from job other
         where other.validator_hotkey = job.validator_hotkey and other.job_request is not null
         order by other.accepted_at desc limit 1
       )) as job_request,
       array(select status from job_event where job_uuid = job.uuid) as passed
     from job where uuid = $1`,
    [uuid],
  );
  return facts!;
}

const read = (text: string): JsonObject => parseJson(text) as JsonObject;

/** Neither is signed by the oldest generation, and an initial request has no `env` in any of them. */
const mayBeOldest = (request: JsonObject): boolean =>
  (request.get('validator_signature') ?? null) === null && isOldJobRequest(request);

/** The oldest validators end their wait for a streaming job with nothing but messages about that. */
const awaitsStreaming = ({ initial_request, passed }: Facts): boolean =>
  passed.includes('volumes_ready') &&
  !passed.includes('streaming_ready') &&
  read(initial_request).get('streaming_details') instanceof Map;
