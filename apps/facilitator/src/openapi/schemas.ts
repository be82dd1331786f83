import { executorClasses, JobStatus, statusLabel } from '@horde/protocol';
import {
  boolean,
  integer,
  list,
  object,
  orNull,
  string,
  texts,
  time,
  uuid,
  type Schema,
} from '@horde/openapi';

const status = { type: 'string', enum: JobStatus };
const label = { type: 'string', enum: [...new Set(JobStatus.map(statusLabel))] };
const executorClass = { type: 'string', enum: Object.keys(executorClasses) };
const counts = { type: 'object', additionalProperties: integer };
const candidate = object('A miner that offers the class.', {
  miner_hotkey: string,
  reason: { ...orNull(string), description: 'Why it could not have the job; null: it could.' },
});

/** A job's facts, as a lean list has them. */
const facts = {
  uuid,
  executor_class: string,
  created_at: time,
  last_update: { ...time, description: 'When it got its status.' },
  status: { ...label, description: 'The status as a label.' },
  docker_image: string,
  job_namespace: orNull(string),
  tag: string,
  target_validator_hotkey: string,
};

const refusal = (description: string, key: 'detail' | 'error'): Schema => ({
  ...object(description, { [key]: string }),
  ...(key === 'error' && { properties: { error: string, details: string } }),
});

/** The answers of the API by name. */
export const schemas: Record<string, Schema> = {
  Nonce: object('What is signed for a login.', { nonce: string }),
  Token: object('Goes into the header Authorization, after "Bearer ".', { token: string }),
  Job: object('A job with what it was given and what it has left.', {
    ...facts,
    args: list(string),
    env: texts,
    use_gpu: boolean,
    stdout: string,
    stderr: string,
    volumes: list({ type: 'object' }),
    uploads: list({ type: 'object' }),
    artifacts: { ...texts, description: 'Files by their paths, as base64.' },
    artifacts_dir: string,
    on_trusted_miner: boolean,
    upload_results: { ...texts, description: 'What the servers of uploads answered, as JSON texts.' },
    download_time_limit: integer,
    execution_time_limit: integer,
    streaming_start_time_limit: integer,
    upload_time_limit: integer,
    streaming_client_cert: string,
    streaming_server_cert: string,
    streaming_server_address: string,
    streaming_server_port: integer,
    status_history: list(
      object('A status that it had.', { status, metadata: { type: 'object' }, created_at: time }),
    ),
  }),
  LeanJob: object('The facts of a job.', { ...facts, last_status: status }),
  JobPage: object('A page of jobs.', {
    count: { ...integer, description: 'Jobs on all pages.' },
    next: orNull(string),
    previous: orNull(string),
    results: list({
      anyOf: [{ $ref: '#/components/schemas/Job' }, { $ref: '#/components/schemas/LeanJob' }],
    }),
  }),
  JobsBehind: object('What follows a cursor.', {
    next: { ...orNull(string), description: 'The cursor of what follows; null: nothing does.' },
    results: list({
      anyOf: [{ $ref: '#/components/schemas/Job' }, { $ref: '#/components/schemas/LeanJob' }],
    }),
  }),
  DryRun: object('Whether a job could run now.', {
    could_run: boolean,
    reason: orNull(string),
    sentence: string,
    reserves: object('What a miner would keep for it.', { executor_class: executorClass, seconds: integer }),
    candidates: list(candidate),
    counts,
    expected_wait_seconds: orNull(integer),
  }),
  Description: object('Why a job is where it is.', {
    uuid,
    sentence: string,
    executor_class: string,
    status: label,
    last_status: status,
    since: time,
    waits_for: orNull(string),
    waits_since: orNull(string),
    waits_until: orNull(string),
    target_validator_hotkey: string,
    told_by: { type: 'string', enum: ['validator', 'facilitator'] },
    attempts: list({ type: 'object' }),
    choices: list({ type: 'object' }),
  }),
  Feedback: object('What a user thinks of a job.', {
    result_correctness: { type: 'number' },
    expected_duration: orNull({ type: 'number' }),
  }),
  Message: object('It is done.', { message: string }),
  Validators: object('The validators that this facilitator knows.', { results: list({ type: 'object' }) }),
  Detail: refusal('Why not, in a sentence.', 'detail'),
  Failure: refusal('Why not.', 'error'),
  Sentences: { ...list(string), description: 'Why not, in sentences.' },
  FieldErrors: {
    type: 'object',
    description: 'What is wrong, by field.',
    additionalProperties: { anyOf: [list({}), { type: 'object' }] },
  },
};
