import { IdentityError } from './identity-error.ts';
import { addressField, hexField, inField, parseKeyFields } from './key-fields.ts';
import { readKeyFile } from './key-file.ts';
import { isPublicKey } from './sr25519.ts';
import { ss58Decode } from './ss58.ts';

/**
 * Reads the public key of a wallet's `…pub.txt` file: `publicKey`, `accountId` and `ss58Address`, of which at least one
 * must be there and all must agree. It holds no secret, so its permissions do not matter. Symbolic links are treated as
 * `readHotkey` does.
 *
 * @returns 32 bytes; `ss58Encode` makes the address of them
 * @throws IdentityError when the file is missing, no such file, damaged, or of another key type; the message names it
 */
export async function readPublicKey(file: string): Promise<Uint8Array> {
  const subject = `The public key file ${file}`;
  const content = await readKeyFile(file, subject);
  if (!content) throw new IdentityError(`There is no public key file ${file}.`);
  const fields = parseKeyFields(Buffer.from(content.bytes).toString('utf8'), subject);
  const address = addressField(fields, subject);
  const keys = [
    hexField(fields, 'publicKey', 32, subject),
    hexField(fields, 'accountId', 32, subject),
    address === null ? null : inField('ss58Address', subject, () => ss58Decode(address)),
  ].filter((key) => key !== null);

  const [key] = keys;
  if (!key) throw new IdentityError(`${subject} holds no public key (publicKey, accountId or ss58Address).`);
  if (keys.some((other) => !Buffer.from(other).equals(key)))
    throw new IdentityError(`${subject} is damaged: its publicKey, accountId and ss58Address do not agree.`);
  if (!isPublicKey(key)) throw new IdentityError(`${subject} is damaged: its key is no sr25519 public key.`);
  return key;
}
