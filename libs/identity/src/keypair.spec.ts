import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdentityError } from './identity-error.ts';
import { Keypair } from './keypair.ts';
import { miniSecretFromMnemonic, newMnemonic } from './mnemonic.ts';
import { verify, verifyHex } from './verify.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'));

/** Substrate's development phrase. */
const knownPhrase = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';

describe('where a key comes from', () => {
  it.each([
    [
      '07',
      '7c0f469d3bd340bae718203fa30ca071a5e37c751e891dbded837b213d45d91d',
      '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy',
    ],
    [
      '08',
      'ae4e00d549b0dcbd0123ea06f87cc9961a22de7bd57bc5d018a261e341224a7a',
      '5G1FMtLgP1hVtcK8sK9fVgwsejGeqkTZj2RorXhAsKubkxjo',
    ],
  ])('a seed of 32 × %s', (digits, publicKey, address) => {
    const keypair = Keypair.fromSeed(bytes(digits.repeat(32)));
    expect(hex(keypair.publicKey)).toBe(publicKey);
    expect(keypair.address).toBe(address);
  });

  it('a phrase, as Substrate derives it', () => {
    expect(Keypair.fromMnemonic(knownPhrase).address).toBe(
      '5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV',
    );
    expect(Keypair.fromMnemonic(`  ${knownPhrase.replaceAll(' ', '\n ')} `).address).toBe(
      '5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV',
    );
  });

  it('a phrase with a password, as Substrate derives it', () => {
    const phrase = `${'abandon '.repeat(11)}about`;
    const seed = '44e9d125f037ac1d51f0a7d3649689d422c2af8b1ec8e00d71db4d7bf6d127e3';
    expect(hex(miniSecretFromMnemonic(phrase, 'Substrate')!)).toBe(seed);
    expect(Keypair.fromMnemonic(phrase, 'Substrate').address).toBe(Keypair.fromSeed(bytes(seed)).address);
  });

  it('the private key of a wallet file', () => {
    const privateKey =
      'f9bf692f9383725347eba7eb57fae5fa934198f6ac8f1de104cd3ab8901bfa0935c23b562b8eb49ab16987034477ea4bd997b4f992718e41aeab676e6bb167fc';
    const keypair = Keypair.fromPrivateKey(bytes(privateKey));
    expect(keypair.address).toBe('5Do1Pch2Sz8yintE244gvtPMuXP9CAqK35nZgZDsWwe69vpP');
    expect(verify('text', keypair.sign('text'), keypair.address)).toBe(true);
  });

  it('chance, another one each time', () => {
    expect(Keypair.generate().address).not.toBe(Keypair.generate().address);
    expect(newMnemonic().split(' ')).toHaveLength(12);
    expect(newMnemonic()).not.toBe(newMnemonic());
  });

  it.each([
    ['a short seed', () => Keypair.fromSeed(new Uint8Array(31))],
    ['a phrase with a wrong checksum', () => Keypair.fromMnemonic(knownPhrase.replace('walk', 'wall'))],
    ['a phrase with an unknown word', () => Keypair.fromMnemonic(knownPhrase.replace('walk', 'wolk'))],
    ['a phrase of eleven words', () => Keypair.fromMnemonic(knownPhrase.replace(' walk', ''))],
    ['a short private key', () => Keypair.fromPrivateKey(new Uint8Array(63))],
    ['a private key of zeros', () => Keypair.fromPrivateKey(new Uint8Array(64))],
  ])('never %s', (_what, make) => {
    expect(make).toThrow(IdentityError);
  });
});

describe('signing', () => {
  it('verifies for any message, and for no other message, key or signature', () => {
    const other = Keypair.generate();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(63), (message, position) => {
        const keypair = Keypair.generate();
        const signature = keypair.sign(message);
        expect(verify(message, signature, keypair.address)).toBe(true);
        expect(verify(message, signature, keypair.publicKey)).toBe(true);
        expect(verify(Buffer.concat([message, Uint8Array.of(0)]), signature, keypair.address)).toBe(false);
        expect(verify(message, signature, other.address)).toBe(false);
        signature[position]! ^= 1;
        expect(verify(message, signature, keypair.address)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('takes text as its UTF-8 bytes, also when it begins with 0x', () => {
    const keypair = Keypair.generate();
    for (const text of ['', 'hé \u2028 😀', '0x6869', '0xnothing']) {
      expect(verify(Buffer.from(text), keypair.sign(text), keypair.address)).toBe(true);
      expect(verifyHex(text, keypair.signHex(text), keypair.address)).toBe(true);
    }
    expect(verify('hi', keypair.sign('0x6869'), keypair.address)).toBe(false);
  });

  it('refuses text that has no UTF-8 form', () => {
    const keypair = Keypair.generate();
    expect(() => keypair.sign('half \ud83d')).toThrow(IdentityError);
    expect(verify('half \ud83d', keypair.sign('half \ufffd'), keypair.address)).toBe(false);
  });

  it('writes "0x" and 128 lower-case digits', () => {
    expect(Keypair.generate().signHex('text')).toMatch(/^0x[0-9a-f]{128}$/);
  });

  it('never makes the same signature twice', () => {
    const keypair = Keypair.generate();
    expect(keypair.signHex('text')).not.toBe(keypair.signHex('text'));
  });
});

describe('a key that ends up in a log', () => {
  it('shows its address and nothing of its secret', () => {
    const keypair = Keypair.fromSeed(new Uint8Array(32).fill(7));
    const shown = [
      String(keypair),
      JSON.stringify({ keypair }),
      inspect(keypair, { showHidden: true, depth: null }),
      inspect({ deep: [keypair] }, { showHidden: true, depth: null }),
      JSON.stringify(structuredClone(keypair)),
    ];
    for (const text of shown) {
      expect(text).toContain('5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy');
      expect(text).not.toMatch(/28ad39fe|28, ?ad|40, ?173|0707|7, ?7, ?7/);
    }
  });

  it('cannot be changed through the public key it hands out', () => {
    const keypair = Keypair.generate();
    keypair.publicKey.fill(0);
    expect(verify('text', keypair.sign('text'), keypair.publicKey)).toBe(true);
  });
});
