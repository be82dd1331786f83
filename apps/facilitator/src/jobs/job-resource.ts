import type { JobStatus } from '@horde/protocol';

/** The words under which a job's status is shown, from before there were more of them. */
const statusLabels: Record<JobStatus, string> = {
  unknown: 'Unknown',
  sent: 'Sent',
  received: 'Received',
  accepted: 'Accepted',
  executor_ready: 'Executor Ready',
  streaming_ready: 'Streaming Ready',
  volumes_ready: 'Volumes Ready',
  execution_done: 'Execution Done',
  completed: 'Completed',
  rejected: 'Rejected',
  failed: 'Failed',
  horde_failed: 'Failed',
};

/** A row of `selectJobs`. Columns of type `json` are their exact text. */
export interface JobRow {
  uuid: string;
  status: JobStatus;
  executor_class: string;
  created_at: string;
  last_update: string;
  docker_image: string;
  job_namespace: string | null;
  args: string;
  env: string;
  use_gpu: boolean;
  tag: string;
  stdout: string;
  stderr: string;
  volumes: string;
  uploads: string;
  artifacts: string;
  artifacts_dir: string;
  target_validator_hotkey: string;
  on_trusted_miner: boolean;
  upload_results: string;
  download_time_limit: number;
  execution_time_limit: number;
  streaming_start_time_limit: number;
  upload_time_limit: number;
  streaming_client_cert: string;
  streaming_server_cert: string;
  streaming_server_address: string;
  /** An integer, as text. */
  streaming_server_port: string;
  status_history: string;
}

/** A time on the wire: microseconds, always six digits, and Z. */
const wireTime = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Reads jobs as `JobRow`s; conditions on `job` follow. */
export const selectJobs = `
  select uuid, job.status, executor_class, ${wireTime('job.created_at')} as created_at, last_update, docker_image,
    job_namespace, args::text, env::text, use_gpu, tag, stdout::text, stderr::text, volumes::text, uploads::text,
    artifacts::text, artifacts_dir, target_validator_hotkey, on_trusted_miner, upload_results::text,
    download_time_limit, execution_time_limit, streaming_start_time_limit, upload_time_limit, streaming_client_cert,
    streaming_server_cert, streaming_server_address, streaming_server_port, status_history
  from job cross join lateral (
    select ${wireTime('max(entry.created_at)')} as last_update,
      '[' || string_agg(
        '{"status":"' || entry.status || '","metadata":' || entry.metadata::text ||
        ',"created_at":"' || ${wireTime('entry.created_at')} || '"}', ',' order by entry.id
      ) || ']' as status_history
    from job_status entry where job_uuid = job.uuid
  ) history`;

/**
 * The JSON of a job as its user sees it, keys in ComputeHorde's order. It is put together from the texts in the
 * database: results have megabytes, and the order of `env` must stay.
 */
export function jobResource(job: JobRow): string {
  const members = [
    ['uuid', text(job.uuid)],
    ['executor_class', text(job.executor_class)],
    ['created_at', text(job.created_at)],
    ['last_update', text(job.last_update)],
    ['status', text(statusLabels[job.status])],
    ['docker_image', text(job.docker_image)],
    ['job_namespace', text(job.job_namespace)],
    ['args', job.args],
    ['env', job.env],
    ['use_gpu', job.use_gpu],
    ['tag', text(job.tag)],
    ['stdout', job.stdout],
    ['stderr', job.stderr],
    ['volumes', job.volumes],
    ['uploads', job.uploads],
    ['artifacts', job.artifacts],
    ['artifacts_dir', text(job.artifacts_dir)],
    ['target_validator_hotkey', text(job.target_validator_hotkey)],
    ['on_trusted_miner', job.on_trusted_miner],
    ['upload_results', job.upload_results],
    ['download_time_limit', job.download_time_limit],
    ['execution_time_limit', job.execution_time_limit],
    ['streaming_start_time_limit', job.streaming_start_time_limit],
    ['upload_time_limit', job.upload_time_limit],
    ['streaming_client_cert', text(job.streaming_client_cert)],
    ['streaming_server_cert', text(job.streaming_server_cert)],
    ['streaming_server_address', text(job.streaming_server_address)],
    ['streaming_server_port', job.streaming_server_port],
    ['status_history', job.status_history],
  ];
  return `{${members.map(([name, json]) => `"${name}":${json}`).join(',')}}`;
}

const text = (value: string | null): string => JSON.stringify(value);
