import type { PanelSpan } from '@horde/panel-api';
import { stageSentence } from '@horde/panel-server';
import { endSentence, errors, isTerminal, jobStatuses, type JobStatus } from '@horde/protocol';

/** A line of a job's history. */
export interface JobEvent {
  status: JobStatus;
  reason: string | null;
  message: string | null;
  at: string;
}

/** How long each stage may take. @unit seconds */
export interface StageLimits {
  executor_startup: number;
  volume_download: number | null;
  execution: number | null;
  result_upload: number | null;
}

/** A job's history as spans of time, in order. The last one of an ended job takes none. */
export function timelineOf(events: JobEvent[], limits: StageLimits): PanelSpan[] {
  return events.map(({ status, at, message }, index): PanelSpan => {
    const { label, wait } = status === 'unknown' ? nobodyKnows : jobStatuses[status];
    const next = events[index + 1]?.at ?? null;
    const stage = (wait?.stage ?? null) as keyof StageLimits | null;
    return {
      kind: 'status',
      label,
      sentence: stageSentence(status, next === null, message),
      from: at,
      until: wait ? next : at,
      limit: stage && limits[stage],
    };
  });
}

/** Why a job is where it is, was refused, or has failed. */
export function jobSentence(
  events: JobEvent[],
  { executor_class, cancelled_by }: { executor_class: string; cancelled_by: string | null },
): string {
  const last = events.at(-1);
  if (!last || last.status === 'unknown') return 'Nothing is known of it.';
  if (last.status === 'rejected')
    return `It was declined: ${last.message ?? `no executor of class ${executor_class} was free.`}`;
  const sentence = isTerminal(last.status)
    ? endSentence(last.status, last.message)
    : stageSentence(last.status, true);
  if (cancelled_by === null || sentence === errors.JOB_CANCELLED(cancelled_by).message) return sentence;
  return `${sentence} It was cancelled by ${cancelled_by}.`;
}

const nobodyKnows = { label: 'Unknown', wait: null };
