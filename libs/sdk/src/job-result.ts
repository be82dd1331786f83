import { filesOf, type JobResource } from './job-resource.ts';

/** What an upload's server answered. */
export interface UploadResult {
  headers: Record<string, string>;
  body: string;
}

export interface JobResult {
  stdout: string;
  stderr: string;
  /** Files of the artifacts folder by their paths in the container. */
  artifacts: Map<string, Buffer>;
  /** By path under /output; those whose answer cannot be read are left out. */
  uploadResults: Map<string, UploadResult>;
}

/** Why a job ended without success. */
export interface JobError {
  /**
   * - `rejection`: nobody took the job
   * - `job_failure`: the job itself failed: its image, data, exit code or time limits
   * - `horde_failure`: the network failed the job
   */
  kind: 'rejection' | 'job_failure' | 'horde_failure';
  reason: string;
  message: string;
  context: unknown;
  /** Who says so; null with a job failure. */
  reportedBy: string | null;
  /** Where a job failure happened. */
  stage: string | null;
  /** The container's exit status, when a job failure has one. */
  exitStatus: number | null;
  /** What the container had printed when the job failed. */
  stdout: string | null;
  stderr: string | null;
}

/** The result of a job that has ended. */
export function resultOf(job: JobResource): JobResult {
  const { stdout = '', stderr = '' } = job;
  return {
    stdout,
    stderr,
    artifacts: new Map(
      Object.entries(filesOf(job, 'artifacts')).map(([path, base64]) => [
        path,
        Buffer.from(base64, 'base64'),
      ]),
    ),
    uploadResults: new Map(
      Object.entries(filesOf(job, 'upload_results')).flatMap(([path, text]) => uploadResult(path, text)),
    ),
  };
}

/** Why a job ended without success; null when it did not. */
export function errorOf({ status_history: history }: JobResource): JobError | null {
  const {
    horde_failure_details: horde,
    job_failure_details: failure,
    job_rejection_details: rejection,
  } = history.at(-1)?.metadata ?? {};
  if (horde) return jobError('horde_failure', horde, { reportedBy: horde.reported_by });
  if (rejection && !failure) return jobError('rejection', rejection, { reportedBy: rejection.rejected_by });
  if (!failure) return null;
  return jobError('job_failure', failure, {
    stage: failure.stage,
    exitStatus: failure.docker_process_exit_status ?? null,
    stdout: failure.docker_process_stdout ?? null,
    stderr: failure.docker_process_stderr ?? null,
  });
}

function jobError(
  kind: JobError['kind'],
  { reason, message, context }: { reason: string; message: string; context?: unknown },
  more: Partial<JobError>,
): JobError {
  const nothing = { reportedBy: null, stage: null, exitStatus: null, stdout: null, stderr: null };
  return { kind, reason, message, context: context ?? null, ...nothing, ...more };
}

function uploadResult(path: string, text: string): [string, UploadResult][] {
  try {
    const { headers, body } = JSON.parse(text) as Partial<UploadResult>;
    return [[`/output/${path}`, { headers: headers ?? {}, body: body ?? '' }]];
  } catch {
    return [];
  }
}
