import type { Conditions } from '@horde/database';
import { ExecutorClass, JobStatus } from '@horde/protocol';
import type { ParameterReader, Reading } from '@horde/rest';

/** Which jobs are listed. Those that are null do not matter. */
export interface JobFilters {
  /** What the uuid begins with: up to 32 digits. */
  uuidPrefix: string | null;
  status: JobStatus | null;
  executorClass: ExecutorClass | null;
  signatory: string | null;
  /** A miner that was asked. */
  miner: string | null;
}

/** Those of a query; what is wrong with them is collected in the reader. */
export const readJobFilters = (reader: ParameterReader): JobFilters => ({
  uuidPrefix: reader.read('uuid_prefix', (raw) => {
    const digits = raw.trim().toLowerCase().replaceAll('-', '');
    return /^[\da-f]{1,32}$/.test(digits) ? { value: digits } : 'This is not the beginning of a uuid.';
  }),
  status: reader.read('status', choiceOf(JobStatus)),
  executorClass: reader.read('executor_class', choiceOf(ExecutorClass)),
  signatory: reader.read('hotkey', text),
  miner: reader.read('miner', text),
});

/** Each has an index that begins with it, and goes on in the order of the list. Those of a miner are about its attempts. */
export function addJobFilters(conditions: Conditions, filters: JobFilters): void {
  const uuid = filters.miner === null ? 'job.uuid' : 'attempt.job_uuid';
  conditions.add(filters.uuidPrefix?.padEnd(32, '0') ?? null, (first) => `${uuid} >= ${first}::uuid`);
  conditions.add(filters.uuidPrefix?.padEnd(32, 'f') ?? null, (last) => `${uuid} <= ${last}::uuid`);
  conditions.add(filters.status, (value) => `job.status = ${value}`);
  conditions.add(filters.executorClass, (value) => `job.executor_class = ${value}`);
  conditions.add(filters.signatory, (value) => `job.signatory = ${value}`);
  conditions.add(filters.miner, (value) => `attempt.miner_hotkey = ${value}`);
}

const text = (raw: string): Reading<string> => ({ value: raw.trim().slice(0, 100).replaceAll('\0', '') });

const choiceOf =
  <T extends string>(choices: readonly T[]) =>
  (raw: string): Reading<T> => {
    const value = choices.find((choice) => choice === raw);
    return value ? { value } : `It is one of ${choices.join(', ')}.`;
  };
