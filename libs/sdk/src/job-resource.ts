import { HordeClientError } from './client-error.ts';

export interface StatusMetadata {
  job_rejection_details?: { rejected_by: string; reason: string; message: string; context?: unknown };
  job_failure_details?: {
    reason: string;
    stage: string;
    message: string;
    context?: unknown;
    docker_process_exit_status?: number;
    docker_process_stdout?: string;
    docker_process_stderr?: string;
  };
  horde_failure_details?: { reported_by: string; reason: string; message: string; context?: unknown };
  [more: string]: unknown;
}

/** A job as the facilitator shows it; only what the client uses. */
export interface JobResource {
  uuid: string;
  executor_class: string;
  created_at: string;
  docker_image: string;
  stdout: string;
  stderr: string;
  artifacts: Record<string, string>;
  upload_results: Record<string, string>;
  status_history: { status: string; metadata: StatusMetadata; created_at: string }[];
}

export interface JobPage {
  count: number;
  next: string | null;
  previous: string | null;
  results: JobResource[];
}

/** @throws HordeClientError BAD_ANSWER when the text is no job */
export const readJob = (text: string): JobResource => checked(parse(text));

/** @throws HordeClientError BAD_ANSWER when the text is no page of jobs */
export function readPage(text: string): JobPage {
  const page = parse(text) as unknown as JobPage | null;
  if (!Array.isArray(page?.results)) throw badAnswer();
  page.results.forEach(checked);
  return page;
}

/** A text in an answer's object. @throws HordeClientError BAD_ANSWER when it is not there */
export function readText(text: string, name: string): string {
  const value = (parse(text) as Record<string, unknown> | null)?.[name];
  if (typeof value !== 'string') throw badAnswer();
  return value;
}

function checked(value: unknown): JobResource {
  const job = value as Partial<JobResource> | null;
  const isJob =
    typeof job?.uuid === 'string' &&
    typeof job.stdout === 'string' &&
    typeof job.stderr === 'string' &&
    Array.isArray(job.status_history) &&
    job.status_history.every((entry) => typeof entry?.status === 'string');
  if (!isJob) throw badAnswer();
  return job as JobResource;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer();
  }
}

const badAnswer = () =>
  new HordeClientError('BAD_ANSWER', 'The answer is not what a facilitator sends. Is its URL right?');
