import {
  defaultExecutorClass,
  ExecutorClass,
  imagePattern,
  make,
  MultiUpload,
  MultiVolume,
  NewJob,
  singleUploadClasses,
  singleVolumeClasses,
  StreamingDetails,
  type JsonObject,
  type JsonValue,
  type RequestSignature,
  type SignedFields,
  type SingleUpload,
  type SingleVolume,
} from '@horde/protocol';
import {
  Body,
  type BodyOf,
  choice,
  type Field,
  type FieldReading,
  flag,
  integer,
  programArguments,
  programEnvironment,
  pythonType,
  text,
} from '@horde/rest';
import { listOf, readUploads, readVolumes } from './transfers.ts';

/** @unit characters */
const maxCertificate = 100_000;
/** A week: by default no job is kept for longer that says nothing. @unit seconds */
const maxLimit = 7 * 24 * 3_600;

/** The body of a job's creation. */
export const jobRequestBody = new Body({
  target_validator_hotkey: text({ about: 'The hotkey of the validator that takes the job.', blank: false }),
  executor_class: choice(ExecutorClass, {
    about: 'The machine that the job needs.',
    default: defaultExecutorClass,
  }),
  docker_image: text({
    about: 'The image that the job runs.',
    default: '',
    max: 255,
    form: { pattern: imagePattern, problem: 'Docker knows no images of such a name.' },
  }),
  job_namespace: text({
    about: 'Whose job it is, such as SN7.1: the subnet and a version.',
    default: null,
    whenNull: null,
    max: 100,
  }),
  args: programArguments({ about: 'What the container runs.', default: [] }),
  env: programEnvironment({
    about: "The container's environment. The order of the names is signed.",
    default: new Map<string, string>(),
  }),
  use_gpu: flag({ about: 'Has no effect, and is signed.' }),
  artifacts_dir: text({
    about: 'The folder in the container whose files become artifacts. Empty: there are none.',
    default: '',
    whenNull: '',
    max: 255,
  }),
  on_trusted_miner: flag({ about: "Whether the validator's own trusted miner has to run it." }),
  download_time_limit: integer(maxLimit, { about: 'How long the volumes may take to arrive, in seconds.' }),
  execution_time_limit: integer(maxLimit, { about: 'How long the container may run, in seconds.' }),
  streaming_start_time_limit: integer(maxLimit, {
    about: 'How long a streaming job may take until it listens, in seconds.',
  }),
  upload_time_limit: integer(maxLimit, { about: 'How long the uploads may take, in seconds.' }),
  streaming_client_cert: {
    name: 'streaming_details',
    about: 'For a job that its user connects to: the certificate that the user shows, as PEM.',
    default: null,
    schema: {
      type: 'object',
      properties: { public_key: { type: 'string', minLength: 1, maxLength: maxCertificate } },
      required: ['public_key'],
    },
    convert: readCertificate,
  } as Field<string | null>,
  volumes: {
    about: 'The files that the job finds in its folder /volume.',
    default: [],
    schema: listOf(singleVolumeClasses()),
    convert: readVolumes,
  } as Field<SingleVolume[]>,
  uploads: {
    about: 'Where files of the folder /output are sent to.',
    default: [],
    schema: listOf(singleUploadClasses()),
    convert: readUploads,
  } as Field<SingleUpload[]>,
  tag: text({ about: "A word of the user's own, to find jobs by.", default: '', max: 255 }),
});

/** A job as its user asks for it. */
export type JobRequest = BodyOf<typeof jobRequestBody>;

/** @throws Refusal 400 with all that is wrong, by field */
export const readJobRequest = (body: JsonObject): JobRequest => jobRequestBody.read(body);

function readCertificate(raw: JsonValue): FieldReading<string | null> {
  if (!(raw instanceof Map))
    return { problem: [`Expected a dictionary of items but got type "${pythonType(raw)}".`] };
  const key = raw.get('public_key');
  const wrong = (problem: string) => ({ problem: { public_key: [problem] } });
  if (key === undefined) return wrong('This field is required.');
  if (typeof key !== 'string' || key.includes('\0')) return wrong('Not a valid string.');
  if (key === '') return wrong('This field may not be blank.');
  return key.length > maxCertificate
    ? wrong(`Ensure this field has no more than ${maxCertificate} characters.`)
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
