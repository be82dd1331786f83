import * as oracle from '@scure/sr25519';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCanonicalScalar, isRistrettoPoint } from './ristretto.ts';
import { isPublicKey } from './sr25519.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** @scure/sr25519 refuses a peer's key exactly when it is no point or the neutral element. */
function oracleTakes(publicKey: Uint8Array): boolean {
  try {
    oracle.getSharedSecret(oracle.secretFromSeed(new Uint8Array(32).fill(1)), publicKey);
    return true;
  } catch {
    return false;
  }
}

describe('what counts as a public key', () => {
  it('takes the first multiples of the base point', () => {
    expect(isPublicKey(bytes('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76'))).toBe(true);
    expect(isPublicKey(bytes('6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919'))).toBe(true);
  });

  it.each([
    ['not below the field prime', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['not below the field prime', 'f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['with the highest bit set', '00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
    ['all ones', 'ff'.repeat(32)],
    ['negative', '01'.padEnd(64, '0')],
    ['negative', '01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['negative', 'ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20'],
    ['with a y of zero', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ])('refuses an encoding %s', (_why, hex) => {
    expect(isRistrettoPoint(bytes(hex))).toBe(false);
  });

  it('refuses the neutral element, though it is a point', () => {
    expect(isRistrettoPoint(new Uint8Array(32))).toBe(true);
    expect(isPublicKey(new Uint8Array(32))).toBe(false);
  });

  it('agrees with another implementation on arbitrary even field elements', () => {
    const candidate = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((value) => {
      value[0]! &= 0xfe;
      value[31]! &= 0x7f;
      return value;
    });
    let points = 0;
    fc.assert(
      fc.property(candidate, (value) => {
        const taken = isPublicKey(value);
        if (taken) points++;
        expect(taken).toBe(oracleTakes(value));
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(points).toBeGreaterThan(30);
    expect(points).toBeLessThan(270);
  });

  it('refuses other lengths', () => {
    expect(isRistrettoPoint(new Uint8Array(31))).toBe(false);
    expect(isRistrettoPoint(new Uint8Array(33))).toBe(false);
  });
});

describe('what counts as a scalar', () => {
  it('ends just below the order of the group', () => {
    const order = bytes('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    expect(isCanonicalScalar(order)).toBe(false);
    order[0]!--;
    expect(isCanonicalScalar(order)).toBe(true);
  });
});
