import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Django 4.2 makes 600,000, its releases since up to twice as many; what is far beyond that is no password's. */
const maxIterations = 2_000_000;
/** Of SHA-256. @unit bytes */
const tagLength = 32;

const derive = promisify(pbkdf2);

/** `pbkdf2_sha256$iterations$salt$tag`; null: it is something else, such as the mark of an unusable password. */
function readHash(stored: string): { iterations: number; salt: string; tag: Buffer } | null {
  const [, numbers, salt, text] =
    /^pbkdf2_sha256\$(\d{1,7})\$([^$]{1,128})\$([A-Za-z0-9+/]{43}=)$/.exec(stored) ?? [];
  const iterations = Number(numbers);
  if (!salt || !text || !(iterations >= 1 && iterations <= maxIterations)) return null;
  return { iterations, salt, tag: Buffer.from(text, 'base64') };
}

/** Whether it is what Django stores of a password, and `isDjangoPassword` can check. */
export const isDjangoHash = (stored: string): boolean => readHash(stored) !== null;

/**
 * Whether this is the password of what Django has stored. Takes a few tenths of a second, on another thread.
 *
 * @param stored null, or something else: there is nothing of Django's
 * @param iterations of the slowest hash that there is: it takes as long as that one, whatever is stored
 */
export async function isDjangoPassword(
  password: string,
  stored: string | null,
  iterations: number,
): Promise<boolean> {
  const hash = stored === null ? null : readHash(stored);
  const left = iterations - (hash?.iterations ?? 0);
  if (left > 0) await derive(password, 'nobody', left, tagLength, 'sha256');
  if (!hash) return false;
  return timingSafeEqual(await derive(password, hash.salt, hash.iterations, tagLength, 'sha256'), hash.tag);
}
