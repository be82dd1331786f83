import {
  cheatReportPayloads,
  signedFieldsOf,
  signedFieldsPayload,
  type JobCheated,
  type NewJob,
} from '@horde/protocol';
import { verifyRequest } from '@horde/identity';

/**
 * Why a user's signature over a job does not count; null when it does. The sentences are ComputeHorde's.
 *
 * @param maySign whether this hotkey's signatures are taken
 */
export async function jobSignatureProblem(
  job: NewJob,
  maySign: (hotkey: string) => Promise<boolean>,
): Promise<string | null> {
  return problem(job.signature, [signedFieldsPayload(signedFieldsOf(job))], maySign);
}

/** As `jobSignatureProblem`, for a cheat report. */
export async function cheatReportProblem(
  report: JobCheated,
  maySign: (hotkey: string) => Promise<boolean>,
): Promise<string | null> {
  return problem(report.signature, cheatReportPayloads(report), maySign);
}

async function problem(
  signature: NewJob['signature'],
  payloads: Uint8Array[],
  maySign: (hotkey: string) => Promise<boolean>,
): Promise<string | null> {
  if (!signature) return 'Signature is empty';
  const { signatory, timestamp_ns, signature: bytes } = signature;
  if (!(await maySign(signatory))) return `Signatory ${signatory} is not in validator whitelist`;
  return payloads.some((payload) => verifyRequest(signatory, timestamp_ns, payload, bytes))
    ? null
    : 'Bad signature';
}
