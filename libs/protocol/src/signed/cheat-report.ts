import { toJsonValue } from '../json/values.ts';
import { writePython, writePythonSorted } from '../json/write.ts';
import type { JobCheated } from '../links/facilitator-validator.ts';

/**
 * The payloads that a user's signature over a cheat report may be over (scope `FullRequest`). ComputeHorde's SDK signs
 * the report's text written as JSON once more, its validator checks the text itself; both count. The oldest
 * generation names the cheated job only.
 */
export function cheatReportPayloads(
  report: Pick<JobCheated, 'job_uuid' | 'trusted_job_uuid' | 'details'>,
): Uint8Array[] {
  const { job_uuid, trusted_job_uuid, details } = report;
  const text = writePythonSorted(
    toJsonValue(trusted_job_uuid === '' ? { job_uuid } : { job_uuid, trusted_job_uuid, details }),
  );
  return [Buffer.from(text), Buffer.from(writePython(text))];
}
