import type { PanelSpan } from '@horde/panel-api';
import { jobStatuses, statusLabel, type JobStatus } from '@horde/protocol';

export interface StatusEntry {
  status: JobStatus;
  at: string;
  /** Of an end: what is said of why. */
  why?: string | null;
}

export interface WaitEntry {
  /** null: it waits no longer. */
  waits_for: string | null;
  since: string;
  at: string;
}

/** How long a job may take. @unit seconds */
export interface JobLimits {
  download_time_limit: number;
  execution_time_limit: number;
  upload_time_limit: number;
  streaming_start_time_limit: number;
}

/**
 * A job's statuses and waits as spans of time, each kind in order. A wait ends with the next one, or with the next status.
 * The time behind the last status of an ended job is none of it.
 */
export function timelineOf(statuses: StatusEntry[], waits: WaitEntry[], limits: JobLimits): PanelSpan[] {
  const states = statuses.map((entry, at): PanelSpan => {
    const facts = entry.status === 'unknown' ? null : jobStatuses[entry.status];
    const next = statuses[at + 1]?.at ?? null;
    return {
      kind: 'status',
      label: statusLabel(entry.status),
      sentence: stageSentence(entry.status, next === null, entry.why),
      from: entry.at,
      until: facts?.wait ? next : entry.at,
      limit: limitOf(entry.status, limits),
    };
  });
  const spans = waits.flatMap(({ waits_for: sentence, since, at }, index): PanelSpan[] => {
    if (sentence === null) return [];
    const from = since < at ? since : at;
    const ends = [waits[index + 1]?.at, statuses.find((status) => status.at > from)?.at];
    const until = ends.filter((end) => end !== undefined).toSorted()[0] ?? null;
    return [{ kind: 'wait', label: 'Waits', sentence, from, until, limit: null }];
  });
  return [...states, ...spans];
}

/** What happened, and what a job that is in this status waits for. @param isLast whether it is in it @param why it ended */
export function stageSentence(status: JobStatus, isLast: boolean, why: string | null = null): string {
  if (status === 'unknown') return 'Nobody knows this status.';
  const { happened: said, wait } = jobStatuses[status];
  const happened = `${said[0]!.toUpperCase()}${said.slice(1)}`;
  if (wait) return isLast ? `${happened}; it waits until ${wait.next}.` : `${happened}.`;
  return why ?? `${happened}.`;
}

function limitOf(status: JobStatus, limits: JobLimits): number | null {
  if (status === 'executor_ready') return limits.download_time_limit;
  if (status === 'volumes_ready' || status === 'streaming_ready')
    return limits.execution_time_limit + limits.streaming_start_time_limit;
  return status === 'execution_done' ? limits.upload_time_limit : null;
}
