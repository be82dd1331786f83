import * as oracle from '@scure/sr25519';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  canonicalFromSecret,
  publicKeyOf,
  secretFromCanonical,
  secretFromSeed,
  sign,
  verifyWith,
} from './sr25519.ts';

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ maxLength: 600 });

describe('two implementations of sr25519', () => {
  it('derive the same keys and take each other’s signatures', () => {
    fc.assert(
      fc.property(seeds, messages, (seed, message) => {
        const secret = secretFromSeed(seed);
        const publicKey = publicKeyOf(secret);
        expect(secret).toEqual(oracle.secretFromSeed(seed));
        expect(publicKey).toEqual(oracle.getPublicKey(secret));
        expect(oracle.verify(message, sign(publicKey, secret, message), publicKey)).toBe(true);
        expect(verifyWith(publicKey, message, oracle.sign(secret, message))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the canonical form of a secret', () => {
  it('comes back as the same secret', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const secret = secretFromSeed(seed);
        expect(secretFromCanonical(canonicalFromSecret(secret))).toEqual(secret);
      }),
    );
  });

  it('is refused when the scalar is zero, too large, or times eight, or the length is another', () => {
    const nonce = new Uint8Array(32).fill(1);
    expect(secretFromCanonical(Buffer.concat([new Uint8Array(32), nonce]))).toBeNull();
    expect(secretFromCanonical(new Uint8Array(64).fill(255))).toBeNull();
    expect(secretFromCanonical(secretFromSeed(nonce))).toBeNull();
    expect(secretFromCanonical(nonce)).toBeNull();
  });
});

describe('a peer that sends malformed signatures without end', () => {
  it('never reaches the WebAssembly code, which would lose its stack to them', () => {
    const complaints = vi.spyOn(console, 'error').mockReturnValue();
    const secret = secretFromSeed(new Uint8Array(32).fill(7));
    const publicKey = publicKeyOf(secret);
    const message = Buffer.from('hello');
    const good = sign(publicKey, secret, message);
    const unmarked = good.slice();
    unmarked[63]! &= 0x7f;
    const malformed = [
      unmarked,
      new Uint8Array(64),
      new Uint8Array(64).fill(255),
      good.slice(1),
      new Uint8Array(0),
    ];

    for (let i = 0; i < 2000; i++) {
      for (const signature of malformed) expect(verifyWith(publicKey, message, signature)).toBe(false);
    }
    expect(verifyWith(publicKey, message, good)).toBe(true);
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
  });
});
