import {
  ExecutorTiming,
  executorClasses,
  facilitatorToValidator,
  InitialJobRequest,
  JobAcceptedPayload,
  JobFinishedPayload,
  JobRequest,
  JobStartedPayload,
  make,
  toJson,
  validatorSignatureText,
  wireTime,
  wireTimeNow,
  type NewJob,
} from '@horde/protocol';
import { steadyNow } from '@horde/async';
import type { Keypair } from '@horde/identity';
import type { SignedReceipt } from '../receipts/receipts.ts';
import { acceptedReceiptTtl, type StageLimits } from './stages.ts';

/** The single time limit that older miners read. @unit seconds */
const legacyTimeout = 300;

/** The job as it came, from its stored frame. */
export const requestOf = (frame: string): NewJob => facilitatorToValidator.read(frame).message as NewJob;

/** Who a job's receipts are about. */
export interface ReceiptParties {
  job_uuid: string;
  miner_hotkey: string;
  validator_hotkey: string;
}

export const startedReceipt = (
  parties: ReceiptParties,
  job: Pick<NewJob, 'executor_class'>,
  limits: StageLimits,
): JobStartedPayload =>
  make(JobStartedPayload, {
    ...parties,
    timestamp: wireTimeNow(),
    executor_class: job.executor_class,
    is_organic: true,
    ttl: limits.reservation,
  });

export const acceptedReceipt = (
  parties: ReceiptParties,
  job: NewJob,
  limits: StageLimits,
): JobAcceptedPayload =>
  make(JobAcceptedPayload, {
    ...parties,
    timestamp: wireTimeNow(),
    time_accepted: wireTimeNow(),
    ttl: acceptedReceiptTtl(job, limits),
  });

/** @param startedAt ms since 1970 @param blocks those whose allowance pays for it */
export const finishedReceipt = (
  parties: ReceiptParties,
  startedAt: number,
  score: string,
  blocks: number[],
): JobFinishedPayload =>
  make(JobFinishedPayload, {
    ...parties,
    timestamp: wireTimeNow(),
    time_started: wireTime(startedAt * 1000),
    time_took_us: Math.max(0, steadyNow() - startedAt) * 1000,
    score_str: score,
    block_numbers: blocks,
  });

/** "Reserve an executor for this job and get it ready." @param uuid what the job is called towards this miner */
export function initialJobRequest(
  uuid: string,
  job: NewJob,
  receipt: SignedReceipt<JobStartedPayload>,
  limits: StageLimits,
  keypair: Keypair,
): InitialJobRequest {
  const { download_time_limit, execution_time_limit, upload_time_limit, streaming_start_time_limit } = job;
  return signed(
    keypair,
    make(InitialJobRequest, {
      job_uuid: uuid,
      executor_class: job.executor_class,
      docker_image: job.docker_image,
      timeout_seconds: legacyTimeout,
      job_started_receipt_payload: receipt.payload,
      job_started_receipt_signature: receipt.signature,
      streaming_details: job.streaming_details,
      executor_timing: make(ExecutorTiming, {
        allowed_leeway: limits.leeway,
        download_time_limit,
        execution_time_limit,
        upload_time_limit,
        streaming_start_time_limit,
      }),
    }),
  );
}

/** "Run this." The volume goes with it, and not with the initial request: a miner that declines never sees it. */
export const jobRequest = (uuid: string, job: NewJob, keypair: Keypair): JobRequest =>
  signed(
    keypair,
    make(JobRequest, {
      job_uuid: uuid,
      executor_class: job.executor_class,
      docker_image: job.docker_image,
      docker_run_options_preset: executorClasses[job.executor_class].hasGpu ? 'nvidia_all' : 'none',
      docker_run_cmd: job.args,
      env: job.env,
      volume: job.volume,
      output_upload: job.output_upload,
      artifacts_dir: job.artifacts_dir,
    }),
  );

function signed<M extends InitialJobRequest | JobRequest>(keypair: Keypair, message: M): M {
  message.validator_signature = keypair.signHex(validatorSignatureText(toJson(message)));
  return message;
}
