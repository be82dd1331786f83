import { signRequest, type Keypair } from '@horde/identity';

/**
 * The headers of a signed request.
 *
 * @param scope what is signed: the fields of a job, or the whole request
 */
export function signatureHeaders(
  hotkey: Keypair,
  payload: Uint8Array,
  scope: 'SignedFields' | 'FullRequest',
): Record<string, string> {
  const timestamp = nanoseconds();
  return {
    'x-ch-signature-type': 'bittensor',
    'x-ch-signatory': hotkey.address,
    'x-ch-timestamp-ns': String(timestamp),
    'x-ch-signature': signRequest(hotkey, timestamp, payload),
    'x-ch-signature-scope': scope,
  };
}

/** Unix time; the digits below milliseconds only set requests apart. */
const nanoseconds = (): bigint => BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
