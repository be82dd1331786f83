import { blake2b512 } from './bytes.ts';
import { IdentityError } from './identity-error.ts';
import type { Keypair } from './keypair.ts';
import { verify } from './verify.ts';

const maxTimestamp = 2n ** 64n - 1n;
/** 64 bytes in base64: 86 digits, the last of which carries four zero bits, and padding. */
const base64Signature = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/**
 * The 64 bytes that ComputeHorde's request signatures are made over: BLAKE2b-512 of the timestamp (8 bytes, big-endian)
 * and the payload.
 *
 * @param timestampNs nanoseconds since 1970, 0 to 2^64-1; a bigint, since a number loses its last digits
 * @throws IdentityError when the timestamp does not fit into 8 bytes
 */
export function requestDigest(timestampNs: bigint, payload: Uint8Array): Uint8Array {
  if (!isTimestamp(timestampNs))
    throw new IdentityError(`The timestamp ${timestampNs} ns does not fit into 8 bytes.`);
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64BE(timestampNs);
  return blake2b512(timestamp, payload);
}

/** Signs a request; base64 of the 64 bytes. @throws IdentityError when the timestamp does not fit into 8 bytes */
export function signRequest(keypair: Keypair, timestampNs: bigint, payload: Uint8Array): string {
  return Buffer.from(keypair.sign(requestDigest(timestampNs, payload))).toString('base64');
}

/** Whether the hotkey signed this request at this timestamp. Whatever is malformed is false; never throws. */
export function verifyRequest(
  hotkey: string | Uint8Array,
  timestampNs: bigint,
  payload: Uint8Array,
  signature: string,
): boolean {
  if (!isTimestamp(timestampNs) || !base64Signature.test(signature)) return false;
  return verify(requestDigest(timestampNs, payload), Buffer.from(signature, 'base64'), hotkey);
}

function isTimestamp(value: bigint): boolean {
  return value >= 0n && value <= maxTimestamp;
}
