import {
  sr25519_pubkey,
  sr25519_secret_from_seed,
  sr25519_sign,
  sr25519_verify,
} from '@polkadot-labs/schnorrkel-wasm';
import { isCanonicalScalar, isRistrettoPoint } from './ristretto.ts';

/*
 * sr25519 with the signing context "substrate", in WebAssembly: of the libraries measured the fastest by far
 * (`./horde bench protocol` measures them again).
 *
 * The WebAssembly code traps on a malformed key or signature, and every trap takes some of its stack and heap for good:
 * after enough of them it answers nothing any more. So whatever comes from outside is checked here before it goes in. A
 * signature is checked within a microsecond: 64 bytes, marked as schnorrkel's, with a reduced scalar. Its point is never
 * decoded, only compared, so any 32 bytes will do. A key costs a square root; who verifies often remembers it.
 */

/** A secret key as the WebAssembly code takes it: 64 bytes, the scalar times 8, then the nonce. Never leaves this library. */
export type ExpandedSecret = Uint8Array;

/** Expands a 32-byte mini-secret the way Substrate does (schnorrkel's Ed25519 mode). */
export function secretFromSeed(seed: Uint8Array): ExpandedSecret {
  return sr25519_secret_from_seed(seed);
}

/** Reads schnorrkel's canonical 64 bytes (scalar, nonce), the form of wallet files; null when the scalar is not in 1..order-1. */
export function secretFromCanonical(bytes: Uint8Array): ExpandedSecret | null {
  const scalar = bytes.subarray(0, 32);
  if (bytes.length !== 64 || !isCanonicalScalar(scalar) || isZero(scalar)) return null;
  const secret = Uint8Array.from(bytes);
  let carry = 0;
  for (let i = 0; i < 32; i++) {
    const shifted = (scalar[i]! << 3) | carry;
    secret[i] = shifted & 0xff;
    carry = shifted >> 8;
  }
  return secret;
}

/** The reverse of `secretFromCanonical`. */
export function canonicalFromSecret(secret: ExpandedSecret): Uint8Array {
  const canonical = Uint8Array.from(secret);
  for (let i = 0; i < 32; i++) {
    const above = i < 31 ? secret[i + 1]! : 0;
    canonical[i] = ((secret[i]! >> 3) | (above << 5)) & 0xff;
  }
  return canonical;
}

/** The 32-byte public key of a secret. */
export function publicKeyOf(secret: ExpandedSecret): Uint8Array {
  return sr25519_pubkey(secret);
}

/** A 64-byte signature; another one at each call, since sr25519 signing is randomised. */
export function sign(publicKey: Uint8Array, secret: ExpandedSecret, message: Uint8Array): Uint8Array {
  return sr25519_sign(publicKey, secret, message);
}

/**
 * Whether these 32 bytes can be somebody's public key: a ristretto255 point other than the neutral element, for which
 * anyone can make up signatures.
 */
export function isPublicKey(bytes: Uint8Array): boolean {
  return isRistrettoPoint(bytes) && !isZero(bytes);
}

/** Verifies one signature. `publicKey` must have passed `isPublicKey`; a malformed signature is false. */
export function verifyWith(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isWellFormedSignature(signature) && sr25519_verify(publicKey, message, signature);
}

/** 64 bytes: a compressed point, then a scalar whose highest bit marks schnorrkel. */
function isWellFormedSignature(signature: Uint8Array): boolean {
  if (signature.length !== 64 || (signature[63]! & 0x80) === 0) return false;
  const scalar = Uint8Array.prototype.slice.call(signature, 32);
  scalar[31]! &= 0x7f;
  return isCanonicalScalar(scalar);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
