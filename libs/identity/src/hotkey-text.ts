import { prefixedHex } from './bytes.ts';
import { IdentityError } from './identity-error.ts';
import { addressField, hexField, inField, parseKeyFields, textField } from './key-fields.ts';
import type { KeyFields } from './key-fields.ts';
import { Keypair } from './keypair.ts';
import { miniSecretFromMnemonic, newMnemonic } from './mnemonic.ts';
import { canonicalFromSecret, secretFromSeed } from './sr25519.ts';
import { ss58Decode } from './ss58.ts';

/**
 * Reads the text of a plain Bittensor hotkey file: its JSON, or nothing but a secret. Of the secrets in JSON the first
 * counts: phrase, seed, private key.
 *
 * @param path named in the errors
 */
export function parseHotkey(text: string, path: string): Keypair {
  const subject = `The hotkey file ${path}`;
  const fields = bareSecret(text.trim()) ?? parseKeyFields(text, subject);
  const keypair = keypairOf(fields, subject);
  checkAddress(keypair, fields, subject);
  return keypair;
}

/** The text of a new key file with a fresh 12-word phrase, laid out as Bittensor's wallets do. */
export const newHotkeyText = (): string => hotkeyTextOf(newMnemonic());

/**
 * The text of a key file for a secret that `parseHotkey` reads, laid out as Bittensor's wallets do.
 *
 * @throws IdentityError when it is none
 */
export function hotkeyTextOf(secret: string): string {
  const subject = 'What was given';
  const fields = bareSecret(secret.trim()) ?? parseKeyFields(secret, subject);
  const keypair = keypairOf(fields, subject);
  checkAddress(keypair, fields, subject);
  const secretPhrase = textField(fields, 'secretPhrase', subject);
  const seed =
    secretPhrase === null
      ? hexField(fields, 'secretSeed', 32, subject)
      : miniSecretFromMnemonic(secretPhrase, '')!;
  const publicKey = prefixedHex(keypair.publicKey);
  return JSON.stringify({
    accountId: publicKey,
    publicKey,
    privateKey:
      seed === null
        ? prefixedHex(hexField(fields, 'privateKey', 64, subject)!)
        : prefixedHex(canonicalFromSecret(secretFromSeed(seed))),
    ...(secretPhrase !== null && { secretPhrase }),
    ...(seed !== null && { secretSeed: prefixedHex(seed) }),
    ss58Address: keypair.address,
  });
}

/** A file may be nothing but 64 hex digits (a seed), 128 (a private key) or a phrase. */
function bareSecret(text: string): KeyFields | null {
  if (/^(0x)?[0-9a-f]{64}$/i.test(text)) return { secretSeed: text };
  if (/^(0x)?[0-9a-f]{128}$/i.test(text)) return { privateKey: text };
  const words = text.split(/\s+/);
  const isPhrase = words.length >= 12 && words.length <= 24 && words.every((word) => /^[a-z]+$/.test(word));
  return isPhrase ? { secretPhrase: text } : null;
}

function keypairOf(fields: KeyFields, subject: string): Keypair {
  const phrase = textField(fields, 'secretPhrase', subject);
  if (phrase !== null) return inField('secretPhrase', subject, () => Keypair.fromMnemonic(phrase));
  const seed = hexField(fields, 'secretSeed', 32, subject);
  if (seed !== null) return Keypair.fromSeed(seed);
  const privateKey = hexField(fields, 'privateKey', 64, subject);
  if (privateKey !== null) return inField('privateKey', subject, () => Keypair.fromPrivateKey(privateKey));
  throw new IdentityError(
    `${subject} holds no secret (secretPhrase, secretSeed or privateKey), so nothing can be signed with it.`,
  );
}

/** A file whose address is not its secret's is mixed up: better to stop than to sign as somebody else. */
function checkAddress(keypair: Keypair, fields: KeyFields, subject: string): void {
  const address = addressField(fields, subject);
  if (address === null) return;
  const publicKey = inField('ss58Address', subject, () => ss58Decode(address));
  if (!Buffer.from(publicKey).equals(keypair.publicKey)) {
    throw new IdentityError(
      `${subject} names the address ${address}, but its secret belongs to ${keypair.address}.`,
    );
  }
}
