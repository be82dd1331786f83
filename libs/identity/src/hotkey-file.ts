import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import { decryptKeyFile, encryptionOf } from './encrypted-key.ts';
import { hotkeyTextOf, newHotkeyText, parseHotkey } from './hotkey-text.ts';
import { IdentityError } from './identity-error.ts';
import { codeOf, readKeyFile } from './key-file.ts';
import { passwordFromEnvironment, passwordVariable } from './key-password.ts';
import type { Keypair } from './keypair.ts';

/** How to open an encrypted hotkey file. */
export interface ReadHotkeyOptions {
  /**
   * The file's password; when not given, the variable `BT_PW_<PATH>` of the environment, as Bittensor's wallets fill it. A
   * function is asked for it where the file is encrypted and the environment has none.
   */
  password?: string | (() => Promise<string>) | undefined;
}

/**
 * Reads a Bittensor hotkey file: JSON with `secretPhrase`, `secretSeed` or `privateKey`, tried in this order, and an
 * `ss58Address` that must fit when it is there; or nothing but a phrase, 64 hex digits of a seed or 128 of a private key.
 * It may be encrypted with a password (`$NACL`, or Fernet from old wallets), which takes some seconds to undo.
 *
 * A symbolic link is followed only to a file of this user's or root's that nobody else can write to.
 *
 * @param warnings gets a sentence when other users of the machine can get at the file (a mode wider than 0600)
 * @throws IdentityError when the file is missing, a folder, damaged, of another key type or without a secret, or
 *   encrypted and the password missing or wrong; the message names the path
 */
export async function readHotkey(
  file: string,
  warnings: string[] = [],
  options: ReadHotkeyOptions = {},
): Promise<Keypair> {
  const keypair = await readIfThere(file, warnings, options);
  if (!keypair) throw new IdentityError(`There is no hotkey file ${file}.`);
  return keypair;
}

/**
 * Reads the hotkey file, after making one with a fresh 12-word phrase if there is none: mode 0600, new folders 0700. Of
 * processes that make the same file at once one wins, and all return its key. A half-written file is never seen.
 *
 * @param warnings as in `readHotkey`
 * @throws IdentityError as `readHotkey` does, and when the file cannot be made
 */
export async function ensureHotkey(file: string, warnings: string[] = []): Promise<Keypair> {
  const keypair = await readIfThere(file, warnings, {});
  if (keypair) return keypair;
  try {
    await createUnlessThere(file, newHotkeyText());
  } catch (error) {
    throw new IdentityError(`The hotkey file ${file} cannot be made (${codeOf(error)}).`);
  }
  return readHotkey(file, warnings);
}

/**
 * Makes a hotkey file, mode 0600, in new folders of mode 0700.
 *
 * @param secret what `readHotkey` reads from a plain file; not given: a fresh 12-word phrase
 * @throws IdentityError when there is a file already, the secret is none, or the file cannot be made
 */
export async function createHotkey(file: string, secret?: string): Promise<Keypair> {
  const text = secret === undefined ? newHotkeyText() : hotkeyTextOf(secret);
  let isNew: boolean;
  try {
    isNew = await createUnlessThere(file, text);
  } catch (error) {
    throw new IdentityError(`The hotkey file ${file} cannot be made (${codeOf(error)}).`);
  }
  if (!isNew) throw new IdentityError(`There is a hotkey file ${file} already; it stays as it is.`);
  return readHotkey(file);
}

async function readIfThere(
  file: string,
  warnings: string[],
  options: ReadHotkeyOptions,
): Promise<Keypair | null> {
  const content = await readKeyFile(file, `The hotkey file ${file}`);
  if (!content) return null;
  const keypair = parseHotkey(await plainText(content.bytes, file, options), file);
  if (content.mode & 0o077) {
    const octal = content.mode.toString(8).padStart(4, '0');
    warnings.push(`The hotkey file ${file} is open to other users (mode ${octal}); run: chmod 600 ${file}`);
  }
  return keypair;
}

async function plainText(bytes: Uint8Array, file: string, options: ReadHotkeyOptions): Promise<string> {
  const encryption = encryptionOf(bytes);
  if (encryption === null) return Buffer.from(bytes).toString('utf8');
  if (encryption === 'ansible') {
    throw new IdentityError(
      `The hotkey file ${file} is encrypted as an Ansible vault, which is not read here: encrypt it again with a newer Bittensor wallet, or save it without a password.`,
    );
  }
  const { password: given } = options;
  const known = typeof given === 'string' ? given : passwordFromEnvironment(file);
  const password = known ?? (typeof given === 'function' ? await given() : null);
  if (password === null) {
    throw new IdentityError(
      `The hotkey file ${file} is encrypted. Save its password in the environment variable ${passwordVariable(file)} as Bittensor's wallets do, or use a hotkey without a password.`,
    );
  }
  return decryptKeyFile(bytes, encryption, password, file);
}

/**
 * Whole file or none: the text is on disk under a name of its own before `link` gives it the real one, which fails if taken.
 *
 * @returns false when there is one already
 */
async function createUnlessThere(file: string, text: string): Promise<boolean> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = path.join(folder, `.${path.basename(file)}.${randomUUID()}`);
  const handle = await open(temporary, 'wx', 0o600);
  try {
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, file);
    await syncFolder(folder);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    await unlink(temporary);
  }
}

/** Without this a power cut could take the new name, and with it the key, away again. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
