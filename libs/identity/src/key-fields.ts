import { bytesOfHex } from './bytes.ts';
import { IdentityError } from './identity-error.ts';

/*
 * The JSON of Bittensor's key files, secret and public. `subject` begins each error, such as "The hotkey file /path".
 * No error carries a cause, since the causes quote the file.
 */

/** Bittensor's number for sr25519, and how other tools write it. */
const sr25519Types: unknown[] = [1, '1', 'sr25519'];

export type KeyFields = Record<string, unknown>;

/** @throws IdentityError when the text is no JSON object, is another tool's, or says that its key is not for sr25519 */
export function parseKeyFields(text: string, subject: string): KeyFields {
  let fields: unknown;
  try {
    fields = JSON.parse(text.trim()); // without a byte order mark, too
  } catch {
    fields = null;
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new IdentityError(`${subject} is not a Bittensor key file: it holds no JSON object.`);
  if ('encoded' in fields && 'encoding' in fields)
    throw new IdentityError(`${subject} is a polkadot.js export; a Bittensor key file is needed.`);
  const { cryptoType = null } = fields as KeyFields;
  if (cryptoType !== null && !sr25519Types.includes(cryptoType))
    throw new IdentityError(`${subject} holds a key of another type; only sr25519 keys work here.`);
  return fields as KeyFields;
}

/** null when the field is missing or null: some wallets write null for what they do not have. */
export function textField(fields: KeyFields, name: string, subject: string): string | null {
  const value = fields[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw new IdentityError(`${subject} is damaged: its ${name} is not a text.`);
}

/** The field's `length` bytes, written in hex with or without "0x"; null as in `textField`. */
export function hexField(
  fields: KeyFields,
  name: string,
  length: number,
  subject: string,
): Uint8Array | null {
  const text = textField(fields, name, subject);
  if (text === null) return null;
  const bytes = bytesOfHex(text.replace(/^0x/, ''), length);
  if (!bytes) throw new IdentityError(`${subject} is damaged: its ${name} is not ${length} bytes in hex.`);
  return bytes;
}

/** `ss58Address`; some wallets wrote that name with a space before it. null as in `textField`. */
export function addressField(fields: KeyFields, subject: string): string | null {
  return textField(fields, 'ss58Address', subject) ?? textField(fields, ' ss58Address', subject);
}

/** Reads the content of a field; what fails is reported by the field's name alone. */
export function inField<T>(field: string, subject: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new IdentityError(`${subject} is damaged: its ${field} is not valid.`);
  }
}
