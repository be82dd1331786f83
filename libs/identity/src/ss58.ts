import { base58 } from '@scure/base';
import { blake2b512 } from './bytes.ts';
import { IdentityError } from './identity-error.ts';

const checksumSalt = Buffer.from('SS58PRE');
const checksumLength = 2;
const publicKeyLength = 32;
/** 36 bytes never take more base58 digits; longer text is refused before the slow conversion. */
const maxLength = 50;
const maxPrefix = 16_383;
const reservedPrefixes = [46, 47];

/**
 * The ss58 address of a 32-byte public key.
 *
 * @param prefix network number, 0 to 16383 without the reserved 46 and 47; 42 (any Substrate network) is Bittensor's
 * @throws IdentityError when the key or the prefix has no address
 */
export function ss58Encode(publicKey: Uint8Array, prefix = 42): string {
  if (publicKey.length !== publicKeyLength) {
    throw new IdentityError(`A public key has ${publicKeyLength} bytes, this one has ${publicKey.length}.`);
  }
  if (!isPrefix(prefix)) {
    throw new IdentityError(`${prefix} is not an ss58 prefix: 0 to ${maxPrefix} without 46 and 47.`);
  }
  const body = Buffer.concat([prefixBytes(prefix), publicKey]);
  return base58.encode(Buffer.concat([body, checksum(body)]));
}

/**
 * The 32-byte public key in an ss58 address, whatever its network prefix.
 *
 * @throws IdentityError when the text is no such address or its checksum is wrong
 */
export function ss58Decode(address: string): Uint8Array {
  const publicKey = decode(address);
  if (typeof publicKey === 'string')
    throw new IdentityError(`${shown(address)} is no ss58 address: ${publicKey}.`);
  return publicKey;
}

/** Whether `ss58Decode` would take this address. */
export function isSs58(address: string): boolean {
  return typeof decode(address) !== 'string';
}

/** The public key, or why there is none. */
function decode(address: string): Uint8Array | string {
  if (address.length > maxLength) return 'it is too long';
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(address);
  } catch {
    return 'it has characters outside base58';
  }
  const prefixLength = (bytes[0] ?? 0) < 64 ? 1 : 2;
  if (bytes.length !== prefixLength + publicKeyLength + checksumLength)
    return 'it does not hold a 32-byte key';
  const body = bytes.subarray(0, -checksumLength);
  if (!Buffer.from(checksum(body)).equals(bytes.subarray(-checksumLength))) return 'its checksum is wrong';
  if (!hasCanonicalPrefix(bytes, prefixLength)) return 'its network prefix is reserved or malformed';
  return body.slice(prefixLength);
}

/** One key has one address per network: a two-byte prefix that would fit into one byte does not count. */
function hasCanonicalPrefix(bytes: Uint8Array, length: number): boolean {
  const [first = 0, second = 0] = bytes;
  if (length === 1) return isPrefix(first);
  const prefix = ((first & 0x3f) << 2) | (second >> 6) | ((second & 0x3f) << 8);
  return first < 128 && prefix >= 64;
}

function isPrefix(prefix: number): boolean {
  return Number.isInteger(prefix) && prefix >= 0 && prefix <= maxPrefix && !reservedPrefixes.includes(prefix);
}

/** Below 64 one byte; otherwise 14 bits, shuffled over two bytes of which the first begins with 01. */
function prefixBytes(prefix: number): Uint8Array {
  if (prefix < 64) return Uint8Array.of(prefix);
  return Uint8Array.of(0x40 | ((prefix & 0xfc) >> 2), (prefix >> 8) | ((prefix & 3) << 6));
}

function checksum(body: Uint8Array): Uint8Array {
  return blake2b512(checksumSalt, body).subarray(0, checksumLength);
}

/** Only the beginning: what was taken for an address may be a secret in the wrong place. */
function shown(address: string): string {
  return JSON.stringify(address.length > 8 ? `${address.slice(0, 8)}…` : address);
}
