import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { IdentityError } from './identity-error.ts';

/** Key files are under a kilobyte. */
const maxFileBytes = 65_536;
/** O_NONBLOCK: without waiting for the writer of a pipe. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a key file whole. A symbolic link, as secrets are mounted into containers, is followed when what it leads to
 * belongs to this user or root and nobody else can write to it: otherwise another user could slip in a key.
 *
 * @param subject begins the errors, such as "The hotkey file /path"
 * @returns its bytes and permission bits (such as 0o600); null when there is no such file
 * @throws IdentityError when it is no regular file, too large, or cannot be read
 */
export async function readKeyFile(
  file: string,
  subject: string,
): Promise<{ bytes: Uint8Array; mode: number } | null> {
  const opened = await openIfThere(file, subject);
  if (!opened) return null;
  const { handle, linked } = opened;
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new IdentityError(`${subject} is a folder; name the file in it.`);
    if (!stat.isFile()) throw new IdentityError(`${subject} is not a regular file.`);
    if (linked && !isOnlyOurs(stat)) {
      throw new IdentityError(
        `${subject} is a symbolic link to a file that other users own or can write to; name a file of your own.`,
      );
    }
    if (stat.size > maxFileBytes) throw new IdentityError(`${subject} is far too large for a key file.`);
    return { bytes: await handle.readFile(), mode: stat.mode & 0o777 };
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    throw new IdentityError(`${subject} cannot be read (${codeOf(error)}).`);
  } finally {
    await handle.close();
  }
}

/** The code of a system error, for messages of our own. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/** What is judged later is the opened file, not its name: no moment is left in which a link could be turned elsewhere. */
async function openIfThere(
  file: string,
  subject: string,
): Promise<{ handle: FileHandle; linked: boolean } | null> {
  try {
    return { handle: await open(file, openFlags | constants.O_NOFOLLOW), linked: false };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return null;
    if (code !== 'ELOOP') throw new IdentityError(`${subject} cannot be opened (${code}).`);
  }
  try {
    return { handle: await open(file, openFlags), linked: true };
  } catch (error) {
    throw new IdentityError(`${subject} is a symbolic link that cannot be followed (${codeOf(error)}).`);
  }
}

function isOnlyOurs({ uid, mode }: { uid: number; mode: number }): boolean {
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
}
