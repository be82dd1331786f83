import { bytesOfHex, prefixedHex } from './bytes.ts';
import { IdentityError } from './identity-error.ts';
import { Keypair } from './keypair.ts';
import { miniSecretFromMnemonic, newMnemonic } from './mnemonic.ts';
import { canonicalFromSecret, secretFromSeed } from './sr25519.ts';
import { ss58Decode } from './ss58.ts';

/** How the encrypted forms of Bittensor's key files begin: NaCl, Ansible vault, Fernet. */
const ENCRYPTED = ['$NACL', '$ANSIBLE_VAULT', 'gAAAAA'];
/** Bittensor's number for sr25519, and how other tools write it. */
const SR25519 = [1, '1', 'sr25519'];

type Fields = Record<string, unknown>;

/**
 * Reads the text of a plain Bittensor key file. Of its secrets the first counts: phrase, seed, private key. No error
 * carries a cause, since the causes quote the file.
 *
 * @param path named in the errors
 */
export function parseHotkey(text: string, path: string): Keypair {
  const fields = parseFields(text, path);
  if ((fields.cryptoType ?? null) !== null && !SR25519.includes(fields.cryptoType as string | number)) {
    throw new IdentityError(
      `The hotkey file ${path} holds a key of another type; only sr25519 keys work here.`,
    );
  }
  const keypair = keypairOf(fields, path);
  checkAddress(keypair, fields, path);
  return keypair;
}

/** The text of a new key file with a fresh 12-word phrase, laid out as Bittensor's wallets do. */
export function newHotkeyText(): string {
  const secretPhrase = newMnemonic();
  const seed = miniSecretFromMnemonic(secretPhrase, '')!;
  const keypair = Keypair.fromSeed(seed);
  const publicKey = prefixedHex(keypair.publicKey);
  return JSON.stringify({
    accountId: publicKey,
    publicKey,
    privateKey: prefixedHex(canonicalFromSecret(secretFromSeed(seed))),
    secretPhrase,
    secretSeed: prefixedHex(seed),
    ss58Address: keypair.address,
  });
}

function parseFields(text: string, path: string): Fields {
  if (ENCRYPTED.some((beginning) => text.startsWith(beginning))) {
    throw new IdentityError(
      `The hotkey file ${path} is encrypted. A service needs an unencrypted hotkey: make it without a password.`,
    );
  }
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    fields = null;
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new IdentityError(`The hotkey file ${path} is not a Bittensor key file: it holds no JSON object.`);
  }
  if ('encoded' in fields && 'encoding' in fields) {
    throw new IdentityError(
      `The hotkey file ${path} is a polkadot.js export; a Bittensor key file is needed.`,
    );
  }
  return fields as Fields;
}

function keypairOf(fields: Fields, path: string): Keypair {
  const phrase = textField(fields, 'secretPhrase', path);
  if (phrase !== null) return inFile(path, 'secretPhrase', () => Keypair.fromMnemonic(phrase));
  const seed = hexField(fields, 'secretSeed', 32, path);
  if (seed !== null) return Keypair.fromSeed(seed);
  const privateKey = hexField(fields, 'privateKey', 64, path);
  if (privateKey !== null) return inFile(path, 'privateKey', () => Keypair.fromPrivateKey(privateKey));
  throw new IdentityError(
    `The hotkey file ${path} holds no secret (secretPhrase, secretSeed or privateKey), so nothing can be signed with it.`,
  );
}

/** A file whose address is not its secret's is mixed up: better to stop than to sign as somebody else. */
function checkAddress(keypair: Keypair, fields: Fields, path: string): void {
  const address = textField(fields, 'ss58Address', path);
  if (address === null) return;
  const publicKey = inFile(path, 'ss58Address', () => ss58Decode(address));
  if (!Buffer.from(publicKey).equals(keypair.publicKey)) {
    throw new IdentityError(
      `The hotkey file ${path} names the address ${address}, but its secret belongs to ${keypair.address}.`,
    );
  }
}

/** null when the field is missing or null: some wallets write null for what they do not have. */
function textField(fields: Fields, name: string, path: string): string | null {
  const value = fields[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw new IdentityError(`The hotkey file ${path} is damaged: its ${name} is not a text.`);
}

function hexField(fields: Fields, name: string, length: number, path: string): Uint8Array | null {
  const text = textField(fields, name, path);
  if (text === null) return null;
  const bytes = bytesOfHex(text.replace(/^0x/, ''), length);
  if (!bytes)
    throw new IdentityError(`The hotkey file ${path} is damaged: its ${name} is not ${length} bytes in hex.`);
  return bytes;
}

function inFile<T>(path: string, field: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new IdentityError(`The hotkey file ${path} is damaged: its ${field} is not valid.`);
  }
}
