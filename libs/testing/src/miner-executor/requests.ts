import { randomUUID } from 'node:crypto';
import {
  ExecutorTiming,
  InitialJobRequest,
  JobRequest,
  JobStartedPayload,
  make,
  type WireTime,
} from '@horde/protocol';

/** Time limits that no job of a test reaches, unless the test says otherwise. */
export const timing = (limits: Partial<ExecutorTiming> = {}): ExecutorTiming =>
  make(ExecutorTiming, {
    allowed_leeway: 5,
    download_time_limit: 20,
    execution_time_limit: 20,
    upload_time_limit: 20,
    streaming_start_time_limit: 0,
    ...limits,
  });

/** What a miner sends for one job: the initial request, and the job request that follows. */
export function requests(
  initial: Partial<InitialJobRequest> = {},
  job: Partial<JobRequest> = {},
): { jobUuid: string; initial: InitialJobRequest; job: JobRequest } {
  const jobUuid = randomUUID();
  return {
    jobUuid,
    initial: make(InitialJobRequest, {
      job_uuid: jobUuid,
      executor_class: 'always_on.test',
      job_started_receipt_payload: make(JobStartedPayload, {
        job_uuid: jobUuid,
        miner_hotkey: '5Miner',
        validator_hotkey: '5Validator',
        timestamp: '2026-01-02T03:04:05.000123Z' as WireTime,
        executor_class: 'always_on.test',
        is_organic: true,
        ttl: 7,
      }),
      job_started_receipt_signature: '0x00',
      executor_timing: timing(),
      ...initial,
    }),
    job: make(JobRequest, {
      job_uuid: jobUuid,
      executor_class: 'always_on.test',
      docker_image: 'unused',
      docker_run_options_preset: 'none',
      docker_run_cmd: ['true'],
      ...job,
    }),
  };
}
