import {
  cheatReportPayloads,
  signedFieldsOf,
  signedFieldsPayload,
  type JobCheated,
  type NewJob,
} from '@horde/protocol';
import { requestDigest, verifyRequest } from '@horde/identity';

/** How far a user's clock may be ahead: for so much longer the signature can be used again. @unit seconds */
const maxAhead = 60;

/**
 * Why a user's signature over a job does not count; null when it does. The sentences are ComputeHorde's.
 *
 * @param maySign whether this hotkey's signatures are taken
 */
export async function jobSignatureProblem(
  job: NewJob,
  maySign: (hotkey: string) => Promise<boolean>,
): Promise<string | null> {
  return sendsUnsigned(job)
    ? 'Signature does not cover system_output'
    : problem(job.signature, [signedFieldsPayload(signedFieldsOf(job))], maySign);
}

/** Whether all of /output is to go to an address that the user has not signed: a facilitator could have put it there. */
const sendsUnsigned = ({ output_upload: upload }: NewJob): boolean =>
  upload?.output_upload_type === 'multi_upload' && upload.system_output !== null;

/**
 * Why a job's signature is too old to count, or ahead of its time; null when it counts. A signed job could be sent again
 * for ever otherwise.
 *
 * @param limit seconds
 * @param now ms since 1970
 */
export function jobAgeProblem({ signature }: NewJob, limit: number, now: number): string | null {
  const age = (now - Number(signature!.timestamp_ns / 1_000_000n)) / 1_000;
  if (age > limit) return `Signature is ${Math.round(age)} s old, and counts for ${limit} s`;
  return age < -maxAhead ? `Signature is ${Math.round(-age)} s ahead of its time` : null;
}

/** What a job's user has signed, in few characters: the same for all jobs that are sent under one signature. */
export function signedDigestOf(job: NewJob): string {
  const { signatory, timestamp_ns } = job.signature!;
  const digest = requestDigest(timestamp_ns, signedFieldsPayload(signedFieldsOf(job)));
  return `${signatory} ${Buffer.from(digest).toString('base64url')}`;
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
