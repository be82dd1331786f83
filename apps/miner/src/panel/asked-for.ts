import type { MinerJobPage, PanelFiles } from '@horde/panel-api';
import type { StageLimits } from './job-timeline.ts';

/** What a validator has asked for, without its secrets: values of the environment, URLs, contents. */
export type AskedFor = Pick<
  MinerJobPage,
  'docker_image' | 'args' | 'env_names' | 'volumes' | 'uploads' | 'artifacts_dir' | 'is_streaming'
> & { limits: Omit<StageLimits, 'executor_startup'> };

/** Of the frames of a job, as JSON, what is shown. They were checked when they came. */
interface Frame {
  docker_image?: string | null;
  docker_run_cmd?: string[];
  env?: Record<string, string>;
  volume?: Part | null;
  output_upload?: Part | null;
  artifacts_dir?: string | null;
  streaming_details?: object | null;
  executor_timing?: Record<
    | 'allowed_leeway'
    | 'download_time_limit'
    | 'execution_time_limit'
    | 'upload_time_limit'
    | 'streaming_start_time_limit',
    number
  > | null;
}

/** A volume or an upload. */
interface Part {
  volume_type?: string;
  output_upload_type?: string;
  relative_path?: string | null;
  volumes?: Part[];
  uploads?: Part[];
}

/** @param initial the validator's first frame @param request the one that says what to run; null: it has not come, or is too large */
export function askedFor(initial: string | null, request: string | null): AskedFor {
  const first = read(initial);
  const second = read(request);
  const timing = first.executor_timing;
  return {
    docker_image: second.docker_image ?? first.docker_image ?? null,
    args: second.docker_run_cmd ?? [],
    env_names: Object.keys(second.env ?? {}),
    volumes: filesOf(second.volume ?? first.volume),
    uploads: filesOf(second.output_upload),
    artifacts_dir: second.artifacts_dir ?? null,
    is_streaming: (first.streaming_details ?? null) !== null,
    limits: {
      volume_download: timing ? timing.download_time_limit : null,
      execution: timing ? timing.execution_time_limit + timing.streaming_start_time_limit : null,
      result_upload: timing ? timing.upload_time_limit : null,
    },
  };
}

function read(text: string | null): Frame {
  try {
    return text ? (JSON.parse(text) as Frame) : {};
  } catch {
    return {}; // Python peers write numbers that JSON does not have.
  }
}

/** Those of a list one by one. */
function filesOf(part: Part | null | undefined): PanelFiles[] {
  if (!part) return [];
  const several = part.volumes ?? part.uploads;
  if (several) return several.flatMap(filesOf);
  return [
    { type: part.volume_type ?? part.output_upload_type ?? 'unknown', path: part.relative_path ?? null },
  ];
}
