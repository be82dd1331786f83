import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { newHotkeyText, parseHotkey } from './hotkey-text.ts';
import { IdentityError } from './identity-error.ts';
import type { Keypair } from './keypair.ts';

/** Key files are under a kilobyte. */
const MAX_FILE_BYTES = 65_536;

/**
 * Reads a plain (not encrypted) Bittensor hotkey file: JSON with `secretPhrase`, `secretSeed` or `privateKey`, tried in
 * this order, and an `ss58Address` that must fit when it is there.
 *
 * @param warnings gets a sentence when other users of the machine can get at the file (a mode wider than 0600)
 * @throws IdentityError when the file is missing, a symbolic link or a folder, encrypted, damaged, of another key type
 *   or without a secret; the message names the path
 */
export async function readHotkey(file: string, warnings: string[] = []): Promise<Keypair> {
  const keypair = await readIfThere(file, warnings);
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
  const keypair = await readIfThere(file, warnings);
  if (keypair) return keypair;
  try {
    await createUnlessThere(file, newHotkeyText());
  } catch (error) {
    throw new IdentityError(`The hotkey file ${file} cannot be made (${codeOf(error)}).`);
  }
  return readHotkey(file, warnings);
}

async function readIfThere(file: string, warnings: string[]): Promise<Keypair | null> {
  const handle = await openIfThere(file);
  if (!handle) return null;
  try {
    const { mode, size } = await checkedStat(handle, file);
    if (size > MAX_FILE_BYTES)
      throw new IdentityError(`The hotkey file ${file} is far too large for a key file.`);
    const keypair = parseHotkey(await readText(handle, file), file);
    if (mode & 0o077) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      warnings.push(`The hotkey file ${file} is open to other users (mode ${octal}); run: chmod 600 ${file}`);
    }
    return keypair;
  } finally {
    await handle.close();
  }
}

/** Opens without following a link at the end of the path, and without waiting for the writer of a pipe. */
async function openIfThere(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') {
      throw new IdentityError(`The hotkey file ${file} is a symbolic link; name the file itself.`);
    }
    throw new IdentityError(`The hotkey file ${file} cannot be opened (${code}).`);
  }
}

async function checkedStat(handle: FileHandle, file: string): Promise<{ mode: number; size: number }> {
  const stat = await handle.stat();
  if (stat.isDirectory())
    throw new IdentityError(`The hotkey file ${file} is a folder; name the file in it.`);
  if (!stat.isFile()) throw new IdentityError(`The hotkey file ${file} is not a regular file.`);
  return stat;
}

async function readText(handle: FileHandle, file: string): Promise<string> {
  try {
    return await handle.readFile('utf8');
  } catch (error) {
    throw new IdentityError(`The hotkey file ${file} cannot be read (${codeOf(error)}).`);
  }
}

/** Whole file or none: the text is on disk under a name of its own before `link` gives it the real one, which fails if taken. */
async function createUnlessThere(file: string, text: string): Promise<void> {
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
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
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

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
