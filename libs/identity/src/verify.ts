import { bytesOf, bytesOfHex } from './bytes.ts';
import type { Signable } from './bytes.ts';
import { isPublicKey, verifyWith } from './sr25519.ts';
import { isSs58, ss58Decode } from './ss58.ts';

/** Hotkeys that were decoded and checked before: peers sign often, and the check costs as much as a signature. */
const knownKeys = new Map<string, Uint8Array>();
const maxKnownKeys = 4096;

const openingTag = Buffer.from('<Bytes>');
const closingTag = Buffer.from('</Bytes>');

/**
 * Whether `signature` (64 bytes) is the hotkey's over `data`. As ComputeHorde's verifier does, a signature over
 * `<Bytes>data</Bytes>` counts too: browser wallets wrap what they sign. Text stands for its UTF-8 bytes, see
 * `Keypair.sign`. Never throws: a malformed signature or hotkey, text without a UTF-8 form, and the all-zero key, for
 * which anyone can sign, are false.
 *
 * @param hotkey ss58 address with any prefix, or 32-byte public key
 */
export function verify(data: Signable, signature: Uint8Array, hotkey: string | Uint8Array): boolean {
  const bytes = bytesOf(data);
  const publicKey = checkedKey(hotkey);
  if (!bytes || !publicKey) return false;
  return (
    verifyWith(publicKey, bytes, signature) ||
    verifyWith(publicKey, Buffer.concat([openingTag, bytes, closingTag]), signature)
  );
}

/**
 * `verify` for a signature as text: "0x" and 128 hex digits in either case. Anything else is false, where ComputeHorde's
 * verifier raises an error (no "0x", wrong length) or looks past it ("0x" twice).
 */
export function verifyHex(data: Signable, signature: string, hotkey: string | Uint8Array): boolean {
  const bytes = signature.startsWith('0x') ? bytesOfHex(signature.slice(2), 64) : null;
  return bytes !== null && verify(data, bytes, hotkey);
}

function checkedKey(hotkey: string | Uint8Array): Uint8Array | null {
  const name = typeof hotkey === 'string' ? hotkey : Buffer.from(hotkey).toString('hex');
  const known = knownKeys.get(name);
  if (known) return known;

  if (typeof hotkey === 'string' && !isSs58(hotkey)) return null;
  const publicKey = typeof hotkey === 'string' ? ss58Decode(hotkey) : Uint8Array.from(hotkey);
  if (!isPublicKey(publicKey)) return null;

  if (knownKeys.size >= maxKnownKeys) {
    const [oldest] = knownKeys.keys();
    knownKeys.delete(oldest!);
  }
  knownKeys.set(name, publicKey);
  return publicKey;
}
