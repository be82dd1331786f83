import { describe, expect, it } from 'vitest';
import {
  declineReasonFor,
  failureForOldValidator,
  HordeFailed,
  isOldJobRequest,
  isOldStatusUpdate,
  JobCheated,
  jobCheatedForOldValidator,
  JobFailed,
  make,
  NewJob,
  newJobForOldValidator,
  parseJson,
  type JsonObject,
} from '../index.ts';

const uuid = '7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01';
const parsed = (text: string) => JSON.parse(text) as Record<string, unknown>;
const json = (value: object) => parseJson(JSON.stringify(value)) as JsonObject;

describe('a validator of the oldest generation', () => {
  it('is known by what only it sends', () => {
    expect(isOldJobRequest(json({ message_type: 'V0JobRequest' }))).toBe(true);
    expect(isOldJobRequest(json({ message_type: 'V0JobRequest', env: {} }))).toBe(false);
    expect(isOldStatusUpdate(json({ metadata: { comment: '' } }))).toBe(true);
    expect(isOldStatusUpdate(json({ metadata: { miner_response: null } }))).toBe(false);
    expect(isOldStatusUpdate(json({ metadata: null }))).toBe(false);
  });

  it('gets a job without the key that it refuses', () => {
    const job = make(NewJob, {
      uuid,
      job_namespace: 'SN1.0',
      executor_class: 'always_on.test',
      docker_image: 'i',
      args: [],
      env: new Map(),
      download_time_limit: 1,
      execution_time_limit: 1,
      upload_time_limit: 1,
      streaming_start_time_limit: 1,
    });
    const frame = parsed(newJobForOldValidator(job));
    expect(frame).not.toHaveProperty('job_namespace');
    expect(frame).toMatchObject({ uuid, use_gpu: true });
  });

  it('gets a cheat report that names the job only', () => {
    const report = make(JobCheated, { job_uuid: uuid, trusted_job_uuid: uuid, details: 'x' });
    expect(Object.keys(parsed(jobCheatedForOldValidator(report)))).toEqual([
      'signature',
      'type',
      'message_type',
      'job_uuid',
    ]);
  });

  it('gets a failed job as a frame that all generations read', () => {
    const failed = make(JobFailed, { job_uuid: uuid, message: 'm', reason: 'timeout', stage: 'execution' });
    expect(parsed(failureForOldValidator(failed, true))).toEqual({
      message_type: 'V0JobFailedRequest',
      job_uuid: uuid,
      message: 'm',
      reason: 'timeout',
      stage: 'execution',
      docker_process_exit_status: null,
      docker_process_stdout: '',
      docker_process_stderr: '',
      context: null,
      timeout: true,
      error_type: 'TIMEOUT',
      error_detail: 'm',
    });
    const upload = make(JobFailed, { job_uuid: uuid, reason: 'upload_failed' });
    expect(parsed(failureForOldValidator(upload, true))).toMatchObject({ error_type: null });
  });

  const horde = make(HordeFailed, {
    job_uuid: uuid,
    reported_by: 'miner',
    message: 'm',
    reason: 'executor_disconnected',
  });

  it('gets a horde failure, once its executor is ready, as that of the job', () => {
    expect(parsed(failureForOldValidator(horde, true))).toMatchObject({
      message_type: 'V0JobFailedRequest',
      message: 'm',
      reason: 'unknown',
      error_type: 'EXECUTOR_DISCONNECTED',
      error_detail: 'm',
      timeout: false,
      docker_process_stdout: '',
    });
  });

  it('gets any failure before its executor is ready as that of the executor', () => {
    const failed = make(JobFailed, { job_uuid: uuid });
    for (const frame of [failureForOldValidator(failed, false), failureForOldValidator(horde, false)]) {
      expect(parsed(frame)).toEqual({
        message_type: 'V0ExecutorFailedRequest',
        job_uuid: uuid,
        executor_token: null,
      });
    }
  });
});

it('a validator that does not sign gets only reasons that all generations know', () => {
  expect(declineReasonFor('invalid_receipt', false)).toBe('busy');
  expect(declineReasonFor('validator_blacklisted', false)).toBe('validator_blacklisted');
  expect(declineReasonFor('invalid_receipt', true)).toBe('invalid_receipt');
});
