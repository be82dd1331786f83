/** Words on the wire. A "tolerant" enum reads any unknown word as `unknown`; see `@tolerant`. */

export const JobStatus = [
  'unknown',
  'sent',
  'received',
  'accepted',
  'executor_ready',
  'streaming_ready',
  'volumes_ready',
  'execution_done',
  'completed',
  'rejected',
  'failed',
  'horde_failed',
] as const;
export type JobStatus = (typeof JobStatus)[number];

export const JobParticipant = ['unknown', 'sdk', 'facilitator', 'validator', 'miner', 'executor'] as const;
export type JobParticipant = (typeof JobParticipant)[number];

export const JobStage = [
  'unknown',
  'executor_startup',
  'volume_download',
  'streaming_startup',
  'execution',
  'result_upload',
] as const;
export type JobStage = (typeof JobStage)[number];

export const JobFailureReason = [
  'unknown',
  'timeout',
  'nonzero_return_code',
  'download_failed',
  'upload_failed',
] as const;
export type JobFailureReason = (typeof JobFailureReason)[number];

/** What the oldest executors say in `error_type`, where a word of today means the same. */
export const olderFailureReasons = {
  TIMEOUT: 'timeout',
  NONZERO_EXIT_STATUS: 'nonzero_return_code',
  HUGGINGFACE_DOWNLOAD: 'download_failed',
} as const satisfies Record<string, JobFailureReason>;

export const JobRejectionReason = [
  'unknown',
  'busy',
  'invalid_signature',
  'no_miner_for_job',
  'validator_blacklisted',
  'invalid_receipt',
] as const;
export type JobRejectionReason = (typeof JobRejectionReason)[number];

export const HordeFailureReason = [
  'unknown',
  'generic_error',
  'unhandled_exception',
  'unhandled_timeout',
  'streaming_failed',
  'miner_connection_failed',
  'initial_response_timed_out',
  'executor_readiness_response_timed_out',
  'volumes_timed_out',
  'streaming_job_ready_timed_out',
  'execution_timed_out',
  'final_response_timed_out',
  'executor_spinup_failed',
  'executor_disconnected',
  'security_check_failed',
] as const;
export type HordeFailureReason = (typeof HordeFailureReason)[number];

export const DockerRunOptionsPreset = ['nvidia_all', 'none'] as const;
export type DockerRunOptionsPreset = (typeof DockerRunOptionsPreset)[number];
