import {
  canonicalTime,
  ExecutorClass,
  JobStatus,
  wireTime,
  wireTimeToMicros,
  type WireTime,
} from '@horde/protocol';
import type { ParameterReader, Reading } from '@horde/rest';
import { isUuid } from './page.ts';

/** Which of a user's jobs are listed. Those that are null do not matter. */
export interface ListFilters {
  uuids: string[] | null;
  /** Any of these, which the job has now. */
  statuses: JobStatus[] | null;
  executorClass: ExecutorClass | null;
  tag: string | null;
  jobNamespace: string | null;
  createdAfter: WireTime | null;
  createdBefore: WireTime | null;
}

/** The statuses that jobs are listed by. */
export const listedStatuses = JobStatus.filter((status) => status !== 'unknown');

/** Those of a query; what is wrong with them is collected in the reader. */
export function readFilters(reader: ParameterReader): ListFilters {
  const text = (raw: string) => ({ value: raw.replaceAll('\0', '') });
  return {
    uuids: reader.all('uuid', (raw) =>
      isUuid(raw) ? { value: raw } : `"${shown(raw)}" is not a valid UUID.`,
    ),
    statuses: reader.all('status', choiceOf(listedStatuses)),
    executorClass: reader.read('executor_class', choiceOf(ExecutorClass)),
    tag: reader.read('tag', text),
    jobNamespace: reader.read('job_namespace', text),
    createdAfter: reader.read('created_after', readTime),
    createdBefore: reader.read('created_before', readTime),
  };
}

const shown = (raw: string): string => raw.slice(0, 100);

const choiceOf =
  <T extends string>(choices: readonly T[]) =>
  (raw: string): Reading<T> => {
    const value = choices.find((choice) => choice === raw);
    return value ? { value } : `"${shown(raw)}" is not a valid choice. It is one of ${choices.join(', ')}.`;
  };

/** A date is its first moment in UTC. A plus sign that was not escaped has come as a blank. */
function readTime(raw: string): Reading<WireTime> {
  const text = /^\d{4}-\d\d-\d\d$/.test(raw) ? `${raw}T00:00:00Z` : raw.replace(/ (?=\d\d:?\d\d$)/, '+');
  const time = canonicalTime(text);
  const micros = time === null ? -1 : wireTimeToMicros(time);
  return micros >= 0 && Number.isSafeInteger(micros)
    ? { value: wireTime(micros) }
    : `"${shown(raw)}" is not a valid time, such as 2026-01-31T23:59:59.5Z or 2026-01-31.`;
}
