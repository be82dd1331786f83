import { createDecipheriv, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import crypto from 'node:crypto';
import { promisify } from 'node:util';
import { secretbox } from '@noble/ciphers/salsa.js';
import { IdentityError } from './identity-error.ts';

/** How Bittensor's wallets encrypt key files: NaCl's secretbox today, Ansible vaults and Fernet long ago. */
export type Encryption = 'nacl' | 'ansible' | 'fernet';

const beginnings = { nacl: '$NACL', ansible: '$ANSIBLE_VAULT', fernet: 'gAAAAA' } as const;

/** All wallets share these salts, so equal passwords make equal keys. */
const naclSalt = Buffer.from('137183dff15a09bc9c90b5518739e9b1', 'hex');
const fernetSalt = 'Iguesscyborgslikemyselfhaveatendencytobeparanoidaboutourorigins';
const fernetRounds = 10_000_000;

/** How the file is encrypted, told by its first bytes; null when it is plain. */
export function encryptionOf(file: Uint8Array): Encryption | null {
  const beginning = Buffer.from(file.subarray(0, 16)).toString('latin1');
  for (const [encryption, mark] of Object.entries(beginnings)) {
    if (beginning.startsWith(mark)) return encryption as Encryption;
  }
  return null;
}

/**
 * Decrypts a key file. Deriving the key from the password takes some seconds of one core, off the event loop, and for
 * NaCl 512 MiB of memory; Bittensor's formats ask for that.
 *
 * @param path named in the errors
 * @throws IdentityError when the password is wrong, the file damaged, or the memory is not there
 */
export async function decryptKeyFile(
  file: Uint8Array,
  encryption: 'nacl' | 'fernet',
  password: string,
  path: string,
): Promise<string> {
  const plain =
    encryption === 'nacl'
      ? openNacl(file, await naclKey(password, path))
      : openFernet(file, await fernetKey(password));
  if (!plain) {
    throw new IdentityError(
      `The hotkey file ${path} cannot be decrypted: the password is wrong or the file is damaged.`,
    );
  }
  return Buffer.from(plain).toString('utf8');
}

/** Argon2i with libsodium's limits "sensitive" for Argon2i: 8 passes over 512 MiB. */
async function naclKey(password: string, path: string): Promise<Uint8Array> {
  if (typeof crypto.argon2 !== 'function')
    throw new IdentityError(`The hotkey file ${path} is encrypted, and reading it needs Node 24.7 or newer.`);
  const parameters = {
    message: Buffer.from(password, 'utf8'),
    nonce: naclSalt,
    parallelism: 1,
    tagLength: 32,
    memory: 524_288,
    passes: 8,
  };
  try {
    return await promisify(crypto.argon2)('argon2i', parameters);
  } catch {
    throw new IdentityError(
      `The hotkey file ${path} cannot be decrypted here: that takes 512 MiB of free memory.`,
    );
  }
}

function fernetKey(password: string): Promise<Uint8Array> {
  return promisify(pbkdf2)(password, fernetSalt, fernetRounds, 32, 'sha256');
}

/** "$NACL", a nonce of 24 bytes, XSalsa20-Poly1305; null when the key does not fit. */
export function openNacl(file: Uint8Array, key: Uint8Array): Uint8Array | null {
  const box = file.subarray(beginnings.nacl.length);
  try {
    return secretbox(key, Uint8Array.from(box.subarray(0, 24))).open(Uint8Array.from(box.subarray(24)));
  } catch {
    return null;
  }
}

/**
 * Fernet's token in base64url: version 0x80, time (8 bytes), IV (16), AES-128-CBC, HMAC-SHA256 (32) over all before it.
 * The key's first half signs, the second encrypts. null when the key does not fit.
 */
export function openFernet(file: Uint8Array, key: Uint8Array): Uint8Array | null {
  const token = Buffer.from(Buffer.from(file).toString('latin1').trim(), 'base64url');
  const signed = token.subarray(0, -32);
  const mac = createHmac('sha256', key.subarray(0, 16)).update(signed).digest();
  if (token.length < 73 || token[0] !== 0x80 || !timingSafeEqual(mac, token.subarray(-32))) return null;
  try {
    const decipher = createDecipheriv('aes-128-cbc', key.subarray(16), signed.subarray(9, 25));
    return Buffer.concat([decipher.update(signed.subarray(25)), decipher.final()]);
  } catch {
    return null;
  }
}
