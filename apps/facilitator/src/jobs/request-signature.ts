import type { IncomingHttpHeaders } from 'node:http';
import { isSs58, verifyRequest } from '@horde/identity';
import { make, RequestSignature } from '@horde/protocol';
import { failure } from '../http/refusal.ts';

const maxTimestamp = 2n ** 64n - 1n;

/**
 * The signature in a request's headers. One that is not complete, or not in its form, counts as none, as in
 * ComputeHorde.
 *
 * @throws Refusal 400 when there is none
 */
export function requiredSignature(headers: IncomingHttpHeaders): RequestSignature {
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
  if (!isComplete) {
    throw failure(400, 'Signature not found', 'Request signature not found, but is required');
  }
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
  if (scope !== 'SignedFields') throw invalid('A job is signed with the scope SignedFields');
  if (!verifyRequest(signatory, timestamp, payload, signature)) throw invalid('Signature is invalid');
}

const invalid = (why: string) => failure(400, 'Invalid signature provided', why);

const isBase64 = (text: string): boolean =>
  text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
