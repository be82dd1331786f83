import { type JsonObject, type JsonValue, toJsonValue } from '../json/values.ts';
import { writeCompact, writePython } from '../json/write.ts';
import type { NewJob } from '../links/facilitator-validator.ts';
import { toJson } from '../messages/write.ts';

/**
 * The fields of a job request that a user signs, in the order in which they are signed.
 * The target validator, the namespace and the job's uuid are not among them.
 */
export interface SignedFields {
  executor_class: string;
  docker_image: string;
  args: string[];
  env: Map<string, string>;
  use_gpu: boolean;
  artifacts_dir: string;
  on_trusted_miner: boolean;
  download_time_limit: number;
  execution_time_limit: number;
  upload_time_limit: number;
  streaming_start_time_limit: number;
  streaming_details: { public_key: string; executor_ip: null } | null;
  volumes: JsonValue[];
  uploads: JsonValue[];
}

/**
 * The payload under the signature of a job request (scope `SignedFields`): a compact JSON text, which is then
 * written once more as a JSON string in ASCII. The second encoding is ComputeHorde's, kept for its verifiers.
 */
export function signedFieldsPayload(fields: SignedFields): Uint8Array {
  const object: JsonObject = new Map(
    (
      [
        'executor_class',
        'docker_image',
        'args',
        'env',
        'use_gpu',
        'artifacts_dir',
        'on_trusted_miner',
        'download_time_limit',
        'execution_time_limit',
        'upload_time_limit',
        'streaming_start_time_limit',
        'streaming_details',
        'volumes',
        'uploads',
      ] as const
    ).map((name) => [name, toJsonValue(fields[name])]),
  );
  return Buffer.from(writePython(writeCompact(object)), 'utf8');
}

/** The signed fields of a job as a validator receives it: volumes and uploads unwrapped, in their full form. */
export function signedFieldsOf(job: NewJob): SignedFields {
  const { volume, output_upload: upload, streaming_details: streaming } = job;
  const volumes = volume === null ? [] : volume.volume_type === 'multi_volume' ? volume.volumes : [volume];
  const uploads =
    upload === null ? [] : upload.output_upload_type === 'multi_upload' ? upload.uploads : [upload];
  return {
    ...job,
    artifacts_dir: job.artifacts_dir ?? '',
    streaming_details: streaming && { public_key: streaming.public_key, executor_ip: null },
    volumes: volumes.map(toJson),
    uploads: uploads.map(toJson),
  };
}
