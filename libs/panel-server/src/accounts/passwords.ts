import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { isDjangoPassword } from './django-passwords.ts';

/** As OWASP advises for argon2id: 19 MiB, two passes. @unit memory in KiB */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const tagLength = 32;
/** So many wait at most for their turn: each takes memory and tens of milliseconds, and anybody may ask. */
const maxWaiting = 32;

export const minPasswordLength = 12;
export const maxPasswordLength = 1_024;

const derive = promisify(argon2);
let turn: Promise<unknown> = Promise.resolve();
let waiting = 0;

/** Too many passwords wait to be checked. */
export class TooManyPasswords extends Error {}

/** What is stored of a password, in the form of PHC strings. */
export async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(16);
  const tag = await inTurn(() => tagOf(password, salt, cost));
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${text(salt)}$${text(tag)}`;
}

/**
 * Whether this is the password. It takes as long whatever is stored, so that the time does not tell whether there is an account.
 *
 * @param stored of `hashOf`, or what Django stores; null: there is none
 * @param djangoIterations of the slowest password that was taken over and not replaced yet; 0: there is none
 * @throws TooManyPasswords
 */
export function isPassword(
  password: string,
  stored: string | null,
  djangoIterations: number,
): Promise<boolean> {
  const own = stored !== null && isOwnHash(stored) ? stored : null;
  return inTurn(async () => {
    const isOwn = (await isTagOf(password, own ?? nobody)) && own !== null;
    const isDjango = await isDjangoPassword(password, stored, djangoIterations);
    return isOwn || isDjango;
  });
}

async function isTagOf(password: string, stored: string): Promise<boolean> {
  const [, , , numbers = '', salt = '', tag = ''] = stored.split('$');
  const [memory = 0, passes = 0, parallelism = 0] = [...numbers.matchAll(/\d+/g)].map(Number);
  const expected = Buffer.from(tag, 'base64');
  const found = await tagOf(password, Buffer.from(salt, 'base64'), { memory, passes, parallelism });
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** Whether it is of `hashOf`: one that was taken over is replaced once its password is known. */
export const isOwnHash = (stored: string): boolean => stored.startsWith('$argon2id$');

/** A password that nobody has chosen. */
export const newPassword = (): string => randomBytes(18).toString('base64url');

const nobody = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

const tagOf = (password: string, nonce: Buffer, numbers: typeof cost): Promise<Buffer> =>
  derive('argon2id', { message: password.normalize('NFC'), nonce, tagLength, ...numbers });

/** One at a time. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= maxWaiting) throw new TooManyPasswords();
  waiting++;
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  try {
    return await mine;
  } finally {
    waiting--;
  }
}
