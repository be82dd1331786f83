import { toJsonValue } from '../json/values.ts';
import { writePython, writePythonSorted } from '../json/write.ts';
import type { JobCheated } from '../links/facilitator-validator.ts';

/**
 * The payloads that a user's signature over a cheat report may be over (scope `FullRequest`). ComputeHorde's SDK signs
 * the report's text written as JSON once more, its validator checks the text itself; both count. Facilitators send empty
 * details where the user gave none, or null. The oldest generation names the cheated job only.
 */
export function cheatReportPayloads(
  report: Pick<JobCheated, 'job_uuid' | 'trusted_job_uuid' | 'details'>,
): Uint8Array[] {
  const { job_uuid, trusted_job_uuid, details } = report;
  const jobs = { job_uuid, trusted_job_uuid };
  const isEmpty = details instanceof Map && details.size === 0;
  const signed =
    trusted_job_uuid === ''
      ? [{ job_uuid }]
      : [{ ...jobs, details }, ...(isEmpty ? [{ ...jobs, details: null }, jobs] : [])];
  return signed
    .map((one) => writePythonSorted(toJsonValue(one)))
    .flatMap((text) => [Buffer.from(text), Buffer.from(writePython(text))]);
}
