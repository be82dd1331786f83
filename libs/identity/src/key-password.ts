import { isUtf8 } from 'node:buffer';
import path from 'node:path';
import { IdentityError } from './identity-error.ts';

/**
 * The environment variable in which Bittensor's wallets keep the password of a key file: `BT_PW_` and the file's
 * absolute path in upper case, with `_` for each `/` and `.`.
 */
export function passwordVariable(file: string): string {
  return `BT_PW_${path.resolve(file).replace(/[/.]/g, '_').toUpperCase()}`;
}

/**
 * The password that the environment holds for a key file, in the form Bittensor's wallets save it: base64 of the
 * password's UTF-8 bytes, XORed with the variable's name over and over. That hides it from a glance, no more.
 *
 * @returns null when the variable is not set
 * @throws IdentityError when its value has another form
 */
export function passwordFromEnvironment(file: string): string | null {
  const name = passwordVariable(file);
  const value = process.env[name]?.trim(); // a file with CRLF leaves a carriage return
  if (!value) return null;
  const mask = Buffer.from(name, 'utf8');
  const bytes = Buffer.from(value, 'base64');
  const password = bytes.map((byte, i) => byte ^ mask[i % mask.length]!);
  if (bytes.toString('base64') !== value || !isUtf8(password)) {
    throw new IdentityError(
      `The environment variable ${name} does not hold a password in the form in which Bittensor's wallets save it.`,
    );
  }
  return Buffer.from(password).toString('utf8');
}
