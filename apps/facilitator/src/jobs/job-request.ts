import {
  defaultExecutorClass,
  ExecutorClass,
  make,
  MultiUpload,
  MultiVolume,
  NewJob,
  StreamingDetails,
  type JsonObject,
  type JsonValue,
  type RequestSignature,
  type SignedFields,
  type SingleUpload,
  type SingleVolume,
} from '@horde/protocol';
import { FieldReader, pythonType } from './field-reader.ts';
import { readUploads, readVolumes } from './transfers.ts';

/** A job as its user asks for it. */
export interface JobRequest {
  target_validator_hotkey: string;
  executor_class: ExecutorClass;
  docker_image: string;
  job_namespace: string | null;
  args: string[];
  /** Keys in the order in which they came, since it is signed. */
  env: Map<string, string>;
  use_gpu: boolean;
  /** "" means none. */
  artifacts_dir: string;
  on_trusted_miner: boolean;
  /** Time limits. @unit seconds */
  download_time_limit: number;
  execution_time_limit: number;
  streaming_start_time_limit: number;
  upload_time_limit: number;
  /** The certificate of the user who wants to connect to the job, PEM; null: nobody does. */
  streaming_client_cert: string | null;
  volumes: SingleVolume[];
  uploads: SingleUpload[];
  tag: string;
}

/** Reads and checks the body of a job's creation. Unknown keys are ignored. @throws Refusal 400, by field */
export function readJobRequest(body: JsonObject): JobRequest {
  const fields = new FieldReader(body);
  const request: JobRequest = {
    target_validator_hotkey: fields.text('target_validator_hotkey', { blank: false }),
    executor_class: fields.choice('executor_class', ExecutorClass, defaultExecutorClass),
    docker_image: fields.text('docker_image', { default: '', max: 255 }),
    job_namespace: fields.text('job_namespace', { default: null, whenNull: null, max: 100 }),
    args: fields.texts('args'),
    env: fields.textMap('env'),
    use_gpu: fields.flag('use_gpu'),
    artifacts_dir: fields.text('artifacts_dir', { default: '', whenNull: '', max: 255 }),
    on_trusted_miner: fields.flag('on_trusted_miner'),
    download_time_limit: fields.integer('download_time_limit'),
    execution_time_limit: fields.integer('execution_time_limit'),
    streaming_start_time_limit: fields.integer('streaming_start_time_limit'),
    upload_time_limit: fields.integer('upload_time_limit'),
    streaming_client_cert: fields.other<string | null>('streaming_details', { default: null }, certificate),
    volumes: fields.other<SingleVolume[]>('volumes', { default: [] }, readVolumes),
    uploads: fields.other<SingleUpload[]>('uploads', { default: [] }, readUploads),
    tag: fields.text('tag', { default: '', max: 255 }),
  };
  fields.finish();
  return request;
}

function certificate(raw: JsonValue): { value: string } | string[] | Record<string, string[]> {
  if (!(raw instanceof Map)) return [`Expected a dictionary of items but got type "${pythonType(raw)}".`];
  const key = raw.get('public_key');
  const wrong = (problem: string) => ({ public_key: [problem] });
  if (key === undefined) return wrong('This field is required.');
  if (typeof key !== 'string' || key.includes('\0')) return wrong('Not a valid string.');
  if (key === '') return wrong('This field may not be blank.');
  return key.length > 100_000
    ? wrong('Ensure this field has no more than 100000 characters.')
    : { value: key };
}

/**
 * What the user's signature has to cover: ComputeHorde builds it from the body as it came, so volumes and uploads are
 * taken with exactly the keys that were sent, and a missing class is Python's text for nothing.
 */
export function signedFieldsOfRequest(request: JobRequest, body: JsonObject): SignedFields {
  const { streaming_client_cert: certificate, ...fields } = request;
  const list = (name: string) => (body.get(name) ?? []) as JsonValue[];
  return {
    ...fields,
    executor_class: body.has('executor_class') ? request.executor_class : 'None',
    streaming_details: certificate === null ? null : { public_key: certificate, executor_ip: null },
    volumes: list('volumes'),
    uploads: list('uploads'),
  };
}

/** The job as the validator gets it. */
export function newJob(uuid: string, request: JobRequest, signature: RequestSignature): NewJob {
  const { streaming_client_cert: certificate, volumes, uploads } = request;
  return make(NewJob, {
    signature,
    uuid,
    job_namespace: request.job_namespace,
    executor_class: request.executor_class,
    docker_image: request.docker_image,
    args: request.args,
    env: request.env,
    use_gpu: request.use_gpu,
    volume: volumes.length > 0 ? make(MultiVolume, { volumes }) : null,
    output_upload: uploads.length > 0 ? make(MultiUpload, { uploads }) : null,
    artifacts_dir: request.artifacts_dir || null,
    on_trusted_miner: request.on_trusted_miner,
    download_time_limit: request.download_time_limit,
    execution_time_limit: request.execution_time_limit,
    upload_time_limit: request.upload_time_limit,
    streaming_start_time_limit: request.streaming_start_time_limit,
    streaming_details: certificate === null ? null : make(StreamingDetails, { public_key: certificate }),
  });
}
