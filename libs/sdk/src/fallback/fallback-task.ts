import type { SingleUpload, SingleVolume } from '@horde/protocol';
import type { JobSpec } from '../job-spec.ts';
import { mounted, toMap } from '../volumes.ts';
import { resultFolder, type FallbackTask } from './fallback-cloud.ts';

export interface FallbackJobOptions {
  /** What the job's class cannot say of the machine. */
  task?: Partial<FallbackTask>;
  /** The folder in which its command runs; what the image says of one is not known here. @default '/' */
  workDir?: string;
}

/** What a job of the network is as a task on a rented machine. */
export function fallbackTaskOf(
  spec: JobSpec,
  { task = {}, workDir = '/' }: FallbackJobOptions = {},
): FallbackTask {
  const volumes = [...mounted('/volume/', spec.inputVolumes ?? {}), ...(spec.volumes ?? [])];
  const uploads = [...mounted('/output/', spec.outputVolumes ?? {}), ...(spec.uploads ?? [])];
  const artifacts = spec.artifactsDir ? quote(spec.artifactsDir) : null;
  // At its own path, which names the artifacts.
  const kept = `${resultFolder}/artifacts/${quote((spec.artifactsDir ?? '').replace(/^\/+/, ''))}`;
  const limit = spec.executionTimeLimit;
  const script = [
    `mkdir -p /volume /output ${kept} ${artifacts ?? ''}`,
    ...volumes.map((volume) => `{ ${download(volume)}; } || exit 3`),
    `cd ${quote(workDir)} || exit 3`,
    `timeout ${limit} ${(spec.args ?? []).map(quote).join(' ') || 'true'} >${resultFolder}/stdout 2>${resultFolder}/stderr`,
    // As in the network: a job that takes too long is stopped, and what it has done counts.
    'code=$?; [ $code = 124 ] && code=0',
    ...(artifacts ? [`cp -r ${artifacts}/. ${kept}`] : []),
    ...uploads.map((upload) => `[ $code != 0 ] || { ${send(upload)}; } || exit 4`),
    'exit $code',
  ].join('\n');
  return {
    image: spec.dockerImage,
    script,
    env: Object.fromEntries(toMap(spec.env ?? {})),
    ...(spec.executorClass === 'always_on.llm.a6000' ? { accelerators: { RTXA6000: 1 } } : {}),
    ...task,
  };
}

function download(volume: SingleVolume): string {
  const target = quote(`/volume/${volume.relative_path ?? ''}`);
  const unpack = (get: string) =>
    `mkdir -p ${target} && ${get} >/tmp/horde.zip && python3 -m zipfile -e /tmp/horde.zip ${target}`;
  switch (volume.volume_type) {
    case 'inline':
      return unpack(`printf %s ${quote(volume.contents)} | base64 -d`);
    case 'zip_url':
      return unpack(`curl -fsSL --retry 3 ${quote(volume.contents)}`);
    case 'single_file':
      return `mkdir -p "$(dirname ${target})" && curl -fsSL --retry 3 -o ${target} ${quote(volume.url)}`;
    case 'huggingface_volume': {
      const options = [
        volume.repo_type && `--repo-type ${quote(volume.repo_type)}`,
        volume.revision && `--revision ${quote(volume.revision)}`,
        ...[volume.allow_patterns ?? []].flat().map((pattern) => `--include ${quote(pattern)}`),
      ].filter(Boolean);
      const get = `huggingface-cli download ${quote(volume.repo_id)} ${options.join(' ')} --local-dir ${target}`;
      return `pip install -q huggingface_hub && ${get}`;
    }
  }
}

function send(upload: SingleUpload): string {
  const file = quote(`/output/${upload.relative_path}`);
  const headers = [...(upload.signed_headers ?? [])].map(
    ([name, value]) => `-H ${quote(`${name}: ${value}`)}`,
  );
  const how =
    upload.output_upload_type === 'single_file_put'
      ? [`-T ${file}`]
      : [
          ...[...(upload.form_fields ?? [])].map(
            ([name, value]) => `--form-string ${quote(`${name}=${value}`)}`,
          ),
          `-F file=@${file}`,
        ];
  return ['curl -fsS --retry 2', ...headers, ...how, quote(upload.url)].join(' ');
}

/** A word of the shell, whatever is in it. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
