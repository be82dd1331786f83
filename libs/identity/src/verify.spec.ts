import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { Keypair } from './keypair.ts';
import { sign, verifyWith } from './sr25519.ts';
import { ss58Decode, ss58Encode } from './ss58.ts';
import { verify, verifyHex } from './verify.ts';

const validatorAddress = '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy';
const minerAddress = '5G1FMtLgP1hVtcK8sK9fVgwsejGeqkTZj2RorXhAsKubkxjo';

/** Made with ComputeHorde's Python packages. */
const { signed } = JSON.parse(
  readFileSync(new URL('../fixtures/signed-texts.json', import.meta.url), 'utf8'),
) as { signed: { what: string; text: string; sha256: string; hotkey: string; signature: string }[] };
const auth = `${validatorAddress}:${minerAddress}:1735787045`;
const authSignature =
  '0x80cdebf6932062fe883a69abfe8723400a1f7fca100bbc3a7a65e5e80968233a68cfc63bf6f9d19a06d804664d7d8d04c2f2c300140888ef5c808e511e313782';
/** A validator's login at the facilitator: over the 32 bytes of its own public key. */
const loginSignature =
  '0xb80bb96fcf12050e7cfa61a0edff4435a564264a77b66e11d43840f996290c20c2858c6fbb03329e7860cf9880903d27ee880a6d4f3fe92b5a69ca3aa8e44486';

describe('signatures of the Python network', () => {
  it.each(signed)('$what verifies', ({ text, sha256, hotkey, signature }) => {
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
    expect(verifyHex(text, signature, hotkey)).toBe(true);
  });

  it.each([
    ['a login', ss58Decode(validatorAddress), loginSignature, validatorAddress],
    [
      'an authentication recorded between its services',
      '5CDYBwxDZwXnYSp7E39Vy92MVbCMtcK2i953oRxDm9Veko7M:5FYwNgYu5Wj7Vv49KtC3gXa1W1dn2BnMBGNKGrLy8pX9i4T7:1795326419',
      '0x267b3efc9e773b733c042e7221eb872b03cdb80affcab64d923ed3e7b45d4339fc1676dba969df135023825756df56b479a2048fb3d31a11136d014a3b65df8d',
      '5CDYBwxDZwXnYSp7E39Vy92MVbCMtcK2i953oRxDm9Veko7M',
    ],
  ])('%s verifies', (_what, data, signature, hotkey) => {
    expect(verifyHex(data, signature, hotkey)).toBe(true);
  });

  it.each(signed)('$what is nobody else’s, and of no other text', ({ text, hotkey, signature }) => {
    const other = hotkey === minerAddress ? validatorAddress : minerAddress;
    expect(verifyHex(text, signature, other)).toBe(false);
    expect(verifyHex(`${text} `, signature, hotkey)).toBe(false);
    expect(verifyHex(text.slice(1), signature, hotkey)).toBe(false);
  });
});

describe('how a signature and a hotkey may be written', () => {
  it('takes hex in upper case', () => {
    expect(verifyHex(auth, `0x${authSignature.slice(2).toUpperCase()}`, validatorAddress)).toBe(true);
  });

  it('takes an address of another network, and the bare public key', () => {
    const publicKey = ss58Decode(validatorAddress);
    expect(verifyHex(auth, authSignature, ss58Encode(publicKey, 0))).toBe(true);
    expect(verifyHex(auth, authSignature, publicKey)).toBe(true);
  });

  it('leaves the signature as it was, so that it can be verified again', () => {
    const signature = Buffer.from(authSignature.slice(2), 'hex');
    expect(verify(auth, signature, validatorAddress)).toBe(true);
    expect(verify(auth, signature, validatorAddress)).toBe(true);
    expect(signature.toString('hex')).toBe(authSignature.slice(2));
  });

  it('takes what a browser wallet signed in <Bytes>, and no deeper nesting', () => {
    const keypair = Keypair.generate();
    expect(verify('text', keypair.sign('<Bytes>text</Bytes>'), keypair.address)).toBe(true);
    expect(verify('text', keypair.sign('<Bytes><Bytes>text</Bytes></Bytes>'), keypair.address)).toBe(false);
    expect(verify('text', keypair.sign('<bytes>text</bytes>'), keypair.address)).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['without 0x', authSignature.slice(2)],
    ['with 0X', authSignature.replace('0x', '0X')],
    ['with 0x twice', `0x${authSignature}`],
    ['one byte longer', `${authSignature}00`],
    ['one byte shorter', authSignature.slice(0, -2)],
    ['half a byte shorter', authSignature.slice(0, -1)],
    ['with a digit that is none', authSignature.replace(/.$/, 'g')],
    ['with a line break at its end', authSignature.replace(/.$/, '\n')],
  ])('a signature %s is false, not an error', (_what, signature) => {
    expect(verifyHex(auth, signature, validatorAddress)).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['mistyped', validatorAddress.replace(/.$/, 'z')],
    ['no point of the curve', ss58Encode(new Uint8Array(32).fill(255))],
    ['a short public key', new Uint8Array(31)],
    ['no point of the curve, in bytes', new Uint8Array(32).fill(255)],
  ])('a hotkey that is %s is false, not an error', (_what, hotkey) => {
    const complaints = vi.spyOn(console, 'error').mockReturnValue();
    expect(verifyHex(auth, authSignature, hotkey)).toBe(false);
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
  });
});

describe('the all-zero key, for which anyone can make a signature', () => {
  it('has signed nothing', () => {
    const message = Buffer.from('anything');
    const publicKey = new Uint8Array(32);
    const madeUp = sign(publicKey, new Uint8Array(64), message);
    expect(verifyWith(publicKey, message, madeUp)).toBe(true);
    expect(verify(message, madeUp, publicKey)).toBe(false);
    expect(verify(message, madeUp, ss58Encode(publicKey))).toBe(false);
  });
});
