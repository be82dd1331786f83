import { base58 } from '@scure/base';
import { blake2b } from '@noble/hashes/blake2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdentityError } from './identity-error.ts';
import { isSs58, ss58Decode, ss58Encode } from './ss58.ts';

const knownKey = Uint8Array.from(
  Buffer.from('7c0f469d3bd340bae718203fa30ca071a5e37c751e891dbded837b213d45d91d', 'hex'),
);
const knownAddress = '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy';

/** An address with a right checksum over whatever body. */
function withChecksum(...body: Uint8Array[]): string {
  const bytes = Buffer.concat(body);
  return base58.encode(
    Buffer.concat([bytes, blake2b(Buffer.concat([Buffer.from('SS58PRE'), bytes])).subarray(0, 2)]),
  );
}

describe('ss58 addresses', () => {
  it('are written and read', () => {
    expect(ss58Encode(knownKey)).toBe(knownAddress);
    expect(ss58Decode(knownAddress)).toEqual(knownKey);
  });

  it('come back to the same key under every prefix', () => {
    const prefixes = fc.integer({ min: 0, max: 16_383 }).filter((prefix) => prefix !== 46 && prefix !== 47);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), prefixes, (key, prefix) => {
        expect(ss58Decode(ss58Encode(key, prefix))).toEqual(key);
      }),
    );
  });

  it.each([
    [0, '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5'],
    [2, 'HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F'],
    [42, '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'],
    [64, 'cEaNSpz4PxFcZ7nT1VEKrKewH67rfx6MfcM6yKojyyPz7qaqp'],
    [69, 'cnWHXYTKQwMV96ZuTKbqTA23FuPcmWjrDyLNzCXYL92G9tmtm'],
    [255, 'yGHXkYLYqxijLKKfd9Q2CB9shRVu8rPNBS53wvwGTutYg4zTg'],
    [16_383, 'yNa8JpqfFB3q8A29rCwSgxvdU94ufJw2yKKxDgznS5m1PoFvn'],
  ])('are those of the Python library scalecodec under prefix %i', (prefix, address) => {
    const alice = Buffer.from('d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d', 'hex');
    expect(ss58Encode(alice, prefix)).toBe(address);
    expect(Buffer.from(ss58Decode(address))).toEqual(alice);
  });

  it('let no single mistyped character through', () => {
    const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
    for (let i = 0; i < knownAddress.length; i++) {
      for (const digit of alphabet) {
        if (digit === knownAddress[i]) continue;
        const typo = knownAddress.slice(0, i) + digit + knownAddress.slice(i + 1);
        expect(isSs58(typo), typo).toBe(false);
      }
    }
  });

  it.each([
    ['empty', ''],
    ['with a character outside base58', knownAddress.replace('5', '0')],
    ['with white space', ` ${knownAddress}`],
    ['too short', knownAddress.slice(0, -1)],
    ['endless', '1'.repeat(1_000_000)],
    ['of a 31-byte key', withChecksum(Uint8Array.of(42), knownKey.subarray(1))],
    ['with a reserved prefix', withChecksum(Uint8Array.of(46), knownKey)],
    ['with 42 spelt in two bytes', withChecksum(Uint8Array.of(0x4a, 0x80), knownKey)],
    ['with a first byte that is no prefix', withChecksum(Uint8Array.of(200, 1), knownKey)],
  ])('are refused when %s', (_what, address) => {
    expect(isSs58(address)).toBe(false);
    expect(() => ss58Decode(address)).toThrow(IdentityError);
  });

  it('are not quoted whole in an error: the text may be a secret in the wrong place', () => {
    const phrase = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';
    expect(() => ss58Decode(phrase)).toThrow(/^"bottom d…" is no ss58 address: it is too long\.$/);
  });

  it.each([-1, 46, 47, 16_384, 1.5, Number.NaN])('do not exist under the prefix %d', (prefix) => {
    expect(() => ss58Encode(knownKey, prefix)).toThrow(IdentityError);
  });

  it('do not exist for a key of another length', () => {
    expect(() => ss58Encode(knownKey.subarray(1))).toThrow('A public key has 32 bytes, this one has 31.');
  });
});
