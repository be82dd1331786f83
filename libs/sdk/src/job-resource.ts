import type { JobStatus } from '@horde/protocol';
import { clientError } from './client-error.ts';
import type { StreamingDetails } from './streaming/streaming-place.ts';

export interface StatusMetadata {
  miner_response?: {
    artifacts?: Record<string, string> | null;
    upload_results?: Record<string, string> | null;
  };
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
  streaming_details?: StreamingDetails;
  horde_failure_details?: { reported_by: string; reason: string; message: string; context?: unknown };
  [more: string]: unknown;
}

/** A job as the facilitator shows it; only what the client uses. */
export interface JobResource {
  /** Whether it is an item of a lean list: without results, and with its last status only. */
  isLean?: boolean;
  uuid: string;
  executor_class: string;
  created_at: string;
  docker_image: string;
  job_namespace?: string | null;
  tag?: string;
  stdout?: string;
  stderr?: string;
  artifacts?: Record<string, string>;
  artifacts_dir?: string | null;
  upload_results?: Record<string, string>;
  streaming_server_cert?: string | null;
  streaming_server_address?: string | null;
  streaming_server_port?: number | null;
  status_history: { status: string; metadata: StatusMetadata; created_at: string }[];
}

/** `unknown` for a job without a history, and perhaps a word that only newer facilitators know. */
export const statusOf = ({ status_history: history }: JobResource): JobStatus =>
  (history.at(-1)?.status ?? 'unknown') as JobStatus;

/** @throws HordeClientError BAD_ANSWER when the text is no job */
export const readJob = (text: string): JobResource => checked(parseAnswer(text));

/** A page of a list. */
export interface ResourcePage {
  results: JobResource[];
  /** The next page's URL or cursor; null: there is none. */
  next: string | null;
  /** How many jobs there are in all; lists with a cursor do not say. */
  count?: number;
}

/** @throws HordeClientError BAD_ANSWER when the text is no page of jobs */
export function readPage(text: string): ResourcePage {
  const page = parseAnswer(text) as Partial<ResourcePage> | null;
  if (!Array.isArray(page?.results)) throw badAnswer('no list of jobs');
  return { results: page.results.map(checked), next: page.next ?? null, count: page.count };
}

/** A text in an answer's object. @throws HordeClientError BAD_ANSWER when it is not there */
export function readText(text: string, name: string): string {
  const value = (parseAnswer(text) as Record<string, unknown> | null)?.[name];
  if (typeof value !== 'string') throw badAnswer(`no ${name}`);
  return value;
}

/** Where a streaming job listens; null while it does not. */
export function streamingOf(job: JobResource): StreamingDetails | null {
  const entry = job.status_history.find(({ status }) => status === 'streaming_ready');
  const { streaming_server_cert, streaming_server_address, streaming_server_port } =
    entry?.metadata?.streaming_details ?? job;
  return entry && streaming_server_cert && streaming_server_address && streaming_server_port
    ? { streaming_server_cert, streaming_server_address, streaming_server_port }
    : null;
}

/**
 * What is in a job's result under this name. ComputeHorde's facilitator stores it a moment later than the status that has
 * it, too.
 */
export function filesOf(job: JobResource, name: 'artifacts' | 'upload_results'): Record<string, string> {
  const told = job.status_history.at(-1)?.metadata?.miner_response?.[name] ?? {};
  const stored = job[name] ?? {};
  return Object.keys(stored).length > 0 ? stored : told;
}

/** What the container of a job has printed, as far as it was stored. */
export function printedBy({
  stdout,
  stderr,
  status_history: history,
}: JobResource): Record<'stdout' | 'stderr', string> {
  const failure = history.at(-1)?.metadata?.job_failure_details;
  return {
    stdout: stdout || failure?.docker_process_stdout || '',
    stderr: stderr || failure?.docker_process_stderr || '',
  };
}

function checked(value: unknown): JobResource {
  const job = value as (Partial<JobResource> & { last_status?: string; last_update?: string }) | null;
  if (typeof job?.uuid !== 'string') throw badAnswer('no job');
  const { status_history: history, last_status: status, last_update = '' } = job;
  if (Array.isArray(history) && history.every((entry) => typeof entry?.status === 'string'))
    return job as JobResource;
  if (typeof status !== 'string') throw badAnswer('a job without its history');
  return {
    ...(job as JobResource),
    isLean: true,
    status_history: [{ status, created_at: last_update, metadata: {} }],
  };
}

/** @throws HordeClientError BAD_ANSWER when the text is no JSON */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer(`${JSON.stringify(text.slice(0, 40))}, which is no JSON`);
  }
}

export const badAnswer = (what: string) => clientError('BAD_ANSWER', { what });
