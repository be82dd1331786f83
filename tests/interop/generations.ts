import {
  DeclineJob,
  declineReasonFor,
  failureForOldValidator,
  JobCheated,
  jobCheatedForOldValidator,
  JobFailed,
  JobStatusUpdate,
  make,
  NewJob,
  newJobForOldValidator,
  parseJson,
  writeFrame,
  type JsonObject,
} from '@horde/protocol';
import type { Generation } from './environment.ts';

/** Messages of our own, which are sent only where both sides speak the extension. */
const extensions: Record<string, string> = {
  V0CancelJobRequest: 'cancel-1',
  V0JobOutput: 'logs-1',
  V0JobOutputRequest: 'logs-2',
  V0JobOutputChunk: 'logs-2',
  V0JobProgress: 'progress-1',
  V0JobWait: 'progress-1',
  V0DryRunRequest: 'ask-1',
  V0DryRunResponse: 'ask-1',
  V0DescribeJobRequest: 'ask-1',
  V0JobDescription: 'ask-1',
  V0QuestionRefused: 'ask-1',
  V0FreshLogin: 'login-1',
};

/** Messages that one generation does not have, and what happens instead. */
export const missingMessages: Record<Generation, Record<string, string>> = {
  old: {
    ...extensions,
    V0HordeFailedRequest:
      'an old validator is sent V0ExecutorFailedRequest before its executor is ready, V0JobFailedRequest from then on',
  },
  new: extensions,
};

/** Fields of ours that the old packages do not have: read, they are dropped. */
const unknownToOld: Record<string, string> = {
  'InitialJobRequest.validator_signature': 'old validators do not sign their requests',
  'JobRequest.validator_signature': 'old validators do not sign their requests',
  'JobRequest.env': 'came later; an old executor runs the job without it',
  'JobFinishedPayload.block_numbers': 'came later; such a receipt verifies in its own generation only',
  'DeclineJob.message': 'came later',
  'DeclineJob.context': 'came later',
  'JobFailed.message': 'called error_detail',
  'JobFailed.reason': 'called error_type, with other words',
  'JobFailed.stage': 'came later',
  'JobFailed.context': 'came later',
  'StatusMetadata.job_rejection_details': 'came later, and passes as an unknown key',
  'StatusMetadata.job_failure_details': 'came later, and passes as an unknown key',
  'StatusMetadata.horde_failure_details': 'came later, and passes as an unknown key',
  'NewJob.job_namespace': 'came later; a frame with it is refused, so it is left out',
  'JobCheated.trusted_job_uuid': 'came later; a frame with it is refused, so it is left out',
  'JobCheated.details': 'came later; a frame with it is refused, so it is left out',
};

/** Keys of theirs that our classes do not have: read, they are dropped. */
const unknownToUs: Record<Generation, Record<string, string>> = {
  old: {
    'JobFailed.error_type': 'read as `reason`',
    'JobFailed.error_detail': 'read as `message`',
    'JobFailed.timeout': 'told by `reason` as well',
    'StatusMetadata.comment': 'a text for people, which no service acts on',
    'MinerResponse.job_uuid': 'told by the status update as well',
    'MinerResponse.message_type': 'always the same',
  },
  new: {},
};

/** Fields whose values are read as something else. */
const readOtherwise: Record<Generation, Record<string, string>> = {
  old: { 'DeclineJob.reason': 'the words of old miners are read as unknown; nothing acts on them' },
  new: {},
};

/** Whether our reading of this field may differ. */
export const mayDiffer = (generation: Generation, where: string): boolean =>
  where in readOtherwise[generation];

/** Whether the packages of a generation may lack this field of ours. */
export const mayLack = (generation: Generation, where: string): boolean =>
  generation === 'old' && where in unknownToOld;

/** Whether our classes may lack this key of a generation's models. */
export const mayDrop = (generation: Generation, where: string): boolean => where in unknownToUs[generation];

/** A message as it is sent to peers of a generation: for the old ones, in the form that they read. */
export function frameFor(generation: Generation, message: object): string {
  if (generation === 'new') return writeFrame(message);
  if (message instanceof NewJob) return newJobForOldValidator(message);
  if (message instanceof JobCheated) return jobCheatedForOldValidator(message);
  if (message instanceof JobFailed) return failureForOldValidator(message, true);
  if (message instanceof DeclineJob) {
    const reason = declineReasonFor(message.reason, false);
    return writeFrame(make(DeclineJob, { ...message, reason }));
  }
  if (message instanceof JobStatusUpdate) return writeFrame(statusForOldFacilitator(message));
  return writeFrame(message);
}

/** No old facilitator was published; its message models know fewer words, and metadata only in a form of their own. */
function statusForOldFacilitator(update: JobStatusUpdate): JobStatusUpdate {
  const known = !['unknown', 'sent', 'horde_failed'].includes(update.status);
  return make(JobStatusUpdate, { ...update, status: known ? update.status : 'failed', metadata: null });
}

/** The same as JSON. */
export const frameJson = (generation: Generation, message: object): JsonObject =>
  parseJson(frameFor(generation, message)) as JsonObject;
