import {
  errors,
  FailureDetails,
  HordeFailureDetails,
  JobStatusUpdate,
  make,
  MinerResponse,
  RejectionDetails,
  StatusMetadata,
  StreamingServerDetails,
  toJsonValue,
  validatorToFacilitator,
  waitOf,
  withoutNuls,
  type HordeError,
  type HordeFailureReason,
  type JobRejectionReason,
  type JobStatus,
  type JsonObject,
  type MessageOf,
  type Receipt,
  type minerToValidator,
} from '@horde/protocol';

/** What a miner sends. */
export type MinerMessage = MessageOf<typeof minerToValidator>;

/** A status and what the facilitator is sent with it. */
export interface Report {
  status: JobStatus;
  metadata: StatusMetadata | null;
  /** What a miner shows of other jobs when it says that it is busy. */
  receipts?: readonly Receipt[];
}

/**
 * What a miner's message says about its job; null: nothing. NUL characters, which no database column of text can
 * hold, become U+FFFD.
 */
export function reportOf(message: MinerMessage): Report | null {
  switch (message.message_type) {
    case 'V0AcceptJobRequest':
      return { status: 'accepted', metadata: null };
    case 'V0ExecutorReadyRequest':
      return { status: 'executor_ready', metadata: null };
    case 'V0VolumesReadyRequest':
      return { status: 'volumes_ready', metadata: null };
    case 'V0ExecutionDoneRequest':
      return { status: 'execution_done', metadata: null };
    case 'V0StreamingJobReadyRequest':
      return report('streaming_ready', {
        streaming_details: make(StreamingServerDetails, {
          streaming_server_cert: message.public_key,
          streaming_server_address: message.ip,
          streaming_server_port: message.port,
        }),
      });
    case 'V0JobFinishedRequest': {
      const { docker_process_stdout, docker_process_stderr, artifacts, upload_results } = message;
      const response = { docker_process_stdout, docker_process_stderr, artifacts, upload_results };
      return report('completed', { miner_response: make(MinerResponse, response) });
    }
    case 'V0DeclineJobRequest':
      return { ...declined(message), receipts: message.receipts };
    case 'V0JobFailedRequest': {
      const { message_type: _, job_uuid: __, ...details } = message;
      return report('failed', { job_failure_details: make(FailureDetails, details) });
    }
    case 'V0HordeFailedRequest': {
      const { reported_by, reason, message: sentence, context } = message;
      const details = { reported_by, reason, message: sentence, context };
      return report('horde_failed', { horde_failure_details: make(HordeFailureDetails, details) });
    }
    case 'V0ExecutorFailedRequest':
      return minerFailed('generic_error', 'The executor failed.');
    case 'V0StreamingJobNotReadyRequest':
      return minerFailed('streaming_failed', 'The running job could not be made reachable for its user.');
    case 'GenericError':
    case 'UnauthorizedError':
    case 'V0ExecutorManifestRequest':
    case 'V0MainHotkeyMessage':
    case 'V0MachineSpecsRequest':
    case 'V0JobOutput':
    case 'V0JobOutputChunk':
    case 'V0JobProgress':
      return null;
  }
}

/** A miner declines. */
export const declined = ({
  reason,
  message,
  context,
}: Pick<RejectionDetails, 'reason' | 'message' | 'context'>): Report =>
  report('rejected', {
    job_rejection_details: make(RejectionDetails, { rejected_by: 'miner', reason, message, context }),
  });

/** The validator itself gives up on the miner. ComputeHorde's validators call it `failed`, not `horde_failed`. */
export const givenUp = (reason: HordeFailureReason, message: string): Report =>
  report('failed', {
    horde_failure_details: make(HordeFailureDetails, {
      reported_by: 'validator',
      reason,
      message,
      context: null,
    }),
  });

/** Somebody has cancelled the job. @param by who, as a part of a sentence @param status how far it was */
export const cancelled = (by: string, status: JobStatus): Report =>
  report('failed', {
    job_failure_details: make(FailureDetails, {
      reason: 'unknown',
      stage: waitOf(status)?.stage ?? 'unknown',
      message: errors.JOB_CANCELLED(by).message,
      context: toJsonValue({ cancelled_by: by }) as JsonObject,
    }),
  });

/** The validator rejects a job before any miner has it. @param context what programs may read beside the sentence */
export function rejected(error: HordeError, context: JsonObject | null = null): Report {
  // What is wrong with a signature comes in ComputeHorde's words, which have no full stop.
  const sentence = error.message.endsWith('.') ? error.message : `${error.message}.`;
  const message = error.hint ? `${sentence} ${error.hint}` : error.message;
  const reason = error.wire?.reason === 'invalid_signature' ? 'invalid_signature' : 'no_miner_for_job';
  return rejectedHere(reason, message, context);
}

/** The validator cannot make anything of a job. */
export const unreadable = (problem: string): Report =>
  rejectedHere('unknown', `The validator cannot read this job: ${problem}`);

const rejectedHere = (
  reason: JobRejectionReason,
  message: string,
  context: JsonObject | null = null,
): Report =>
  report('rejected', {
    job_rejection_details: make(RejectionDetails, {
      rejected_by: 'validator',
      reason,
      message,
      context,
    }),
  });

/**
 * What a facilitator is sent instead of an update that it cannot read. A job whose results it cannot take is no
 * success for its user.
 *
 * @param frame the update
 * @param size its size. @unit bytes
 */
export function withoutWhatIsTooLarge(frame: string, size: number): JobStatusUpdate {
  const { uuid, status } = validatorToFacilitator.read(frame).message as JobStatusUpdate;
  const than = `${size} bytes, more than the facilitator reads.`;
  const { metadata } =
    status === 'completed'
      ? report('failed', {
          job_failure_details: make(FailureDetails, {
            reason: 'upload_failed',
            stage: 'result_upload',
            message: `The job's output and artifacts have ${than} Have the job upload large files instead.`,
          }),
        })
      : givenUp('generic_error', `What the miner reported has ${than}`);
  return make(JobStatusUpdate, { uuid, status: status === 'completed' ? 'failed' : status, metadata });
}

const minerFailed = (reason: HordeFailureReason, message: string): Report =>
  report('horde_failed', {
    horde_failure_details: make(HordeFailureDetails, {
      reported_by: 'miner',
      reason,
      message,
      context: null,
    }),
  });

const report = (status: JobStatus, metadata: Partial<StatusMetadata>): Report => ({
  status,
  metadata: withoutNuls(make(StatusMetadata, metadata)),
});
