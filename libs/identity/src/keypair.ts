import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { bytesOf, prefixedHex } from './bytes.ts';
import type { Signable } from './bytes.ts';
import { IdentityError } from './identity-error.ts';
import { miniSecretFromMnemonic } from './mnemonic.ts';
import { publicKeyOf, secretFromCanonical, secretFromSeed, sign } from './sr25519.ts';
import type { ExpandedSecret } from './sr25519.ts';
import { ss58Encode } from './ss58.ts';

/** An sr25519 key that can sign. Printed, inspected or turned into JSON it is its address; the secret never comes out. */
export class Keypair {
  readonly #secret: ExpandedSecret;
  readonly #publicKey: Uint8Array;
  /** The hotkey: the ss58 address with prefix 42. */
  readonly address: string;

  private constructor(secret: ExpandedSecret) {
    this.#secret = secret;
    this.#publicKey = publicKeyOf(secret);
    this.address = ss58Encode(this.#publicKey);
  }

  /** From a 32-byte mini-secret (`secretSeed` in a wallet file). @throws IdentityError on another length */
  static fromSeed(seed: Uint8Array): Keypair {
    if (seed.length !== 32) throw new IdentityError(`A seed has 32 bytes, this one has ${seed.length}.`);
    return new Keypair(secretFromSeed(seed));
  }

  /**
   * From English BIP-39 words, derived as Substrate and Bittensor wallets do.
   *
   * @param password the phrase's own password; Bittensor wallets use none
   * @throws IdentityError when the words or their checksum are wrong
   */
  static fromMnemonic(phrase: string, password = ''): Keypair {
    const seed = miniSecretFromMnemonic(phrase, password);
    if (!seed)
      throw new IdentityError('The secret phrase is not a valid English BIP-39 phrase of 12 to 24 words.');
    return Keypair.fromSeed(seed);
  }

  /**
   * From the 64-byte expanded secret in schnorrkel's canonical form (scalar, nonce): `privateKey` in a wallet file.
   * Polkadot.js exports the scalar times eight instead; that form is refused.
   *
   * @throws IdentityError when the length is another or the scalar is not in 1..order-1
   */
  static fromPrivateKey(privateKey: Uint8Array): Keypair {
    const secret = secretFromCanonical(privateKey);
    if (!secret)
      throw new IdentityError('The private key is not a 64-byte sr25519 secret in canonical form.');
    return new Keypair(secret);
  }

  /** A new random key. */
  static generate(): Keypair {
    return Keypair.fromSeed(randomBytes(32));
  }

  /** The 32-byte public key; each reader gets a copy. */
  get publicKey(): Uint8Array {
    return this.#publicKey.slice();
  }

  /**
   * Signs with the context "substrate". The 64 bytes differ at each call and verify all the same.
   *
   * Text stands for its UTF-8 bytes, always. ComputeHorde's signer decodes text that starts with "0x" as hex first; no
   * text it signs starts so, and following it would let a peer who chooses the first characters choose what is signed.
   *
   * @throws IdentityError when the text holds half a surrogate pair
   */
  sign(data: Signable): Uint8Array {
    const bytes = bytesOf(data);
    if (!bytes)
      throw new IdentityError('Text with half a surrogate pair has no UTF-8 form and cannot be signed.');
    return sign(this.#publicKey, this.#secret, bytes);
  }

  /** `sign`, as "0x" and 128 lower-case hex digits: the form of ComputeHorde's text signatures. */
  signHex(data: Signable): string {
    return prefixedHex(this.sign(data));
  }

  toString(): string {
    return this.address;
  }

  toJSON(): string {
    return this.address;
  }

  [inspect.custom](): string {
    return `Keypair(${this.address})`;
  }
}
