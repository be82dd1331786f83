import type { IncomingHttpHeaders } from 'node:http';
import { isSs58, verifyRequest } from '@horde/identity';
import {
  errors,
  make,
  RequestSignature,
  writePython,
  writePythonSorted,
  type HordeError,
  type JsonObject,
} from '@horde/protocol';
import { failure } from '@horde/rest';
import type { FacilitatorSettings } from '../settings.ts';

const maxTimestamp = 2n ** 64n - 1n;

/** As `givenSignature`. @throws Refusal 400 when there is none */
export function requiredSignature(headers: IncomingHttpHeaders): RequestSignature {
  const signature = givenSignature(headers);
  if (!signature) throw failure(400, 'Signature not found', 'Request signature not found, but is required');
  return signature;
}

/** The signature in a request's headers. One that is not complete, or not in its form, counts as none, as in ComputeHorde. */
export function givenSignature(headers: IncomingHttpHeaders): RequestSignature | null {
  const header = (name: string) => headers[name] as string | undefined;
  const type = header('x-ch-signature-type');
  const signatory = header('x-ch-signatory');
  const timestamp = header('x-ch-timestamp-ns')?.trim() ?? '';
  const signature = header('x-ch-signature') ?? '';
  const scope = header('x-ch-signature-scope') ?? 'SignedFields';
  const isComplete =
    type &&
    signatory &&
    /^[+-]?\d{1,40}$/.test(timestamp) &&
    isBase64(signature) &&
    (scope === 'SignedFields' || scope === 'FullRequest');
  if (!isComplete) return null;
  return make(RequestSignature, {
    signature_type: type,
    signatory,
    timestamp_ns: BigInt(timestamp.replace('+', '')),
    signature,
    signature_scope: scope,
  });
}

/** @throws Refusal 400 when the signature is not the signatory's, over this payload */
export function checkSignature(given: RequestSignature, payload: Uint8Array): void {
  check(given, 'SignedFields', [payload]);
}

/**
 * For requests that are signed as they are: over the body's text with its keys sorted, or, as ComputeHorde's SDK does it,
 * over that text written as JSON once more.
 *
 * @throws Refusal 400 when the signature is not the signatory's, or not one that the user may use now
 */
export function checkFullRequest(
  given: RequestSignature,
  body: JsonObject,
  hotkey: string,
  settings: FacilitatorSettings,
): void {
  const text = writePythonSorted(body);
  check(given, 'FullRequest', [Buffer.from(text), Buffer.from(writePython(text))]);
  requireOwn(given, hotkey, settings);
  requireFresh(given, settings);
}

function check(
  given: RequestSignature,
  wanted: RequestSignature['signature_scope'],
  payloads: Uint8Array[],
): void {
  const {
    signature_type: type,
    signatory,
    timestamp_ns: timestamp,
    signature,
    signature_scope: scope,
  } = given;
  if (!isSs58(signatory)) throw invalid('Invalid signatory for BittensorWalletVerifier');
  const isMalformed =
    type.length > 100 ||
    timestamp < 0n ||
    timestamp > maxTimestamp ||
    Buffer.from(signature, 'base64').length !== 64;
  if (isMalformed) throw invalid('Signature is malformed');
  if (scope !== wanted) throw invalid(`This is signed with the scope ${wanted}`);
  if (!payloads.some((payload) => verifyRequest(signatory, timestamp, payload, signature)))
    throw invalid('Signature is invalid');
}

/** How far ahead of ours a user's clock may be. @unit seconds */
const maxAhead = 60;

/** @throws Refusal 400 when somebody else than the hotkey that is logged in has signed, and settings do not allow that */
export function requireOwn(
  { signatory }: RequestSignature,
  hotkey: string,
  { allowOtherSignatories }: FacilitatorSettings,
): void {
  if (!allowOtherSignatories && signatory !== hotkey)
    throw refused(errors.SIGNATORY_DIFFERS(signatory, hotkey));
}

/** @throws Refusal 400 when the signature is older than settings allow, or of a time to come */
export function requireFresh(
  { timestamp_ns: timestamp }: RequestSignature,
  { signatureExpireDuration: maxAge }: FacilitatorSettings,
): void {
  const age = Math.floor(Number(BigInt(Date.now()) * 1_000_000n - timestamp) / 1e9);
  if (age > maxAge) throw refused(errors.SIGNATURE_TOO_OLD(age, maxAge));
  if (-age > maxAhead) throw refused(errors.SIGNATURE_AHEAD(-age, maxAhead));
}

const refused = ({ message, hint }: HordeError) => invalid(`${message} ${hint}`);

const invalid = (why: string) => failure(400, 'Invalid signature provided', why);

const isBase64 = (text: string): boolean =>
  text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
