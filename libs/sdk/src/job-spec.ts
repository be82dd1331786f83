import type { Certificate } from '@horde/network';
import type { ExecutorClass, SignedFields, SingleUpload, SingleVolume } from '@horde/protocol';
import { toJson, toJsonValue, writeCompact, signedFieldsPayload } from '@horde/protocol';
import { mounted, toMap, type InputVolume, type OutputVolume } from './volumes.ts';

type ByPath<T> = Record<string, T> | ReadonlyMap<string, T>;

/** What to run, and within which limits. The limits are what is paid for. */
export interface JobSpec {
  executorClass: ExecutorClass;
  /** What the job belongs to, such as `SN123.0`. */
  jobNamespace: string;
  /** For lists: jobs can be found by it. At most 255 characters. @default none */
  tag?: string;
  dockerImage: string;
  /** The command's arguments. A Python facilitator trims them and refuses empty ones. @default none */
  args?: string[];
  /** Environment variables. The order of a Map's keys is kept. @default none */
  env?: Record<string, string> | ReadonlyMap<string, string>;
  /** The folder whose small files come back as the result's artifacts. @default none */
  artifactsDir?: string | null;
  /** By the path under `/volume/` at which the job finds them. */
  inputVolumes?: ByPath<InputVolume>;
  /** By the path under `/output/` at which the job leaves them. */
  outputVolumes?: ByPath<OutputVolume>;
  /** Volumes as they are on the wire, besides `inputVolumes`. */
  volumes?: SingleVolume[];
  /** Uploads as they are on the wire, besides `outputVolumes`. */
  uploads?: SingleUpload[];
  /** @unit seconds */
  downloadTimeLimit: number;
  /** @unit seconds */
  executionTimeLimit: number;
  /** @unit seconds */
  uploadTimeLimit: number;
  /** Whether the job serves its user while it runs, behind mutual TLS: `job.waitForStreaming()`. @default false */
  streaming?: boolean;
  /** How long a streaming job may take until it listens. @unit seconds @default 5 */
  streamingStartTimeLimit?: number;
}

export interface CreateOptions {
  /** Runs the job on the validator's own miner, to compare results with. @default false */
  onTrustedMiner?: boolean;
  /**
   * Two creations of a hotkey with the same key within 24 hours are one job: for a program that may be restarted between
   * the creation and its answer. A ComputeHorde facilitator does not look at it. @default a random one
   */
  idempotencyKey?: string;
  /** Of the user of a streaming job; a creation that is repeated under the same key needs the same. @default a new one */
  certificate?: Certificate;
}

/** The exact text of a creation's body, and the bytes that are signed for it. */
export interface Creation {
  body: string;
  payload: Uint8Array;
}

/**
 * Volumes and uploads are written in their full form: a validator verifies the signature over what it makes of them.
 * `artifacts_dir` is always a text, since a Python facilitator refuses null.
 *
 * @throws HordeClientError BAD_JOB_SPEC
 */
export function creationOf(
  spec: JobSpec,
  validatorHotkey: string,
  options: Pick<CreateOptions, 'onTrustedMiner' | 'certificate'> = {},
): Creation {
  const certificate = options.certificate?.certificate;
  const volumes = [...mounted('/volume/', spec.inputVolumes ?? {}), ...(spec.volumes ?? [])];
  const uploads = [...mounted('/output/', spec.outputVolumes ?? {}), ...(spec.uploads ?? [])];
  const signed: SignedFields = {
    executor_class: spec.executorClass,
    docker_image: spec.dockerImage,
    args: spec.args ?? [],
    env: toMap(spec.env ?? {}),
    use_gpu: true, // without effect, but ComputeHorde's client sends it so
    artifacts_dir: spec.artifactsDir ?? '',
    on_trusted_miner: options.onTrustedMiner ?? false,
    download_time_limit: spec.downloadTimeLimit,
    execution_time_limit: spec.executionTimeLimit,
    upload_time_limit: spec.uploadTimeLimit,
    streaming_start_time_limit: spec.streamingStartTimeLimit ?? 5,
    streaming_details: certificate === undefined ? null : { public_key: certificate, executor_ip: null },
    volumes: volumes.map(toJson),
    uploads: uploads.map(toJson),
  };
  // To the letter what ComputeHorde's client sends.
  const body = writeCompact(
    toJsonValue({
      target_validator_hotkey: validatorHotkey,
      executor_class: signed.executor_class,
      docker_image: signed.docker_image,
      job_namespace: spec.jobNamespace,
      args: signed.args,
      env: signed.env,
      use_gpu: signed.use_gpu,
      artifacts_dir: signed.artifacts_dir,
      on_trusted_miner: signed.on_trusted_miner,
      download_time_limit: signed.download_time_limit,
      execution_time_limit: signed.execution_time_limit,
      streaming_start_time_limit: signed.streaming_start_time_limit,
      upload_time_limit: signed.upload_time_limit,
      ...(certificate === undefined ? {} : { streaming_details: { public_key: certificate } }),
      ...(volumes.length === 0 ? {} : { volumes: signed.volumes }),
      ...(uploads.length === 0 ? {} : { uploads: signed.uploads }),
      ...(spec.tag === undefined ? {} : { tag: spec.tag }),
    }),
  );
  return { body, payload: signedFieldsPayload(signed) };
}
