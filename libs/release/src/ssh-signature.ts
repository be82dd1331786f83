import { createHash, createPublicKey, verify } from 'node:crypto';

/**
 * Whether a text was signed by `ssh-keygen -Y sign` with a key of ssh-ed25519.
 *
 * The format is OpenSSH's PROTOCOL.sshsig.
 *
 * @param signature armored, as ssh-keygen writes it
 * @param namespace what it was signed as: a signature made for something else is none
 * @param publicKey `ssh-ed25519 AAAA…`, with or without a comment
 */
export function isSignedBy(text: string, signature: string, namespace: string, publicKey: string): boolean {
  const key = keyBytes(publicKey);
  const read = readSignature(signature);
  if (key === null || read === null) return false;
  if (!read.publicKey.equals(key) || read.namespace !== namespace) return false;
  const signed = Buffer.concat([
    magic,
    field(namespace),
    field(''),
    field(read.hash),
    field(createHash(read.hash).update(text).digest()),
  ]);
  const x = new Fields(key).skip(1).next().toString('base64url');
  return verify(
    null,
    signed,
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
    read.bytes,
  );
}

/** @returns the key without what is beside it, null where it is none of ssh-ed25519 */
export function keyBytes(publicKey: string): Buffer | null {
  const [kind, encoded = ''] = publicKey.trim().split(/\s+/);
  const bytes = Buffer.from(encoded, 'base64');
  return kind === keyKind && bytes.length === field(keyKind).length + 4 + 32 && startsAs(bytes)
    ? bytes
    : null;
}

const magic = Buffer.from('SSHSIG');
const keyKind = 'ssh-ed25519';
const largest = 4096;

interface Signature {
  publicKey: Buffer;
  namespace: string;
  hash: 'sha256' | 'sha512';
  bytes: Buffer;
}

function readSignature(armored: string): Signature | null {
  const encoded =
    /^-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END SSH SIGNATURE-----\s*$/.exec(armored);
  if (encoded === null || armored.length > largest) return null;
  const blob = Buffer.from(encoded[1]!, 'base64');
  if (blob.length < 10 || !blob.subarray(0, 6).equals(magic) || blob.readUInt32BE(6) !== 1) return null;
  try {
    const fields = new Fields(blob.subarray(10));
    const [publicKey, namespace, reserved, hash, signature] = [1, 2, 3, 4, 5].map(() => fields.next());
    const inner = new Fields(signature!);
    const kind = inner.next().toString();
    const bytes = inner.next();
    if (reserved!.length > 0 || kind !== keyKind || bytes.length !== 64) return null;
    if (!fields.isAtEnd || !inner.isAtEnd) return null;
    const hashName = hash!.toString();
    if (hashName !== 'sha256' && hashName !== 'sha512') return null;
    return { publicKey: publicKey!, namespace: namespace!.toString(), hash: hashName, bytes };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const startsAs = (bytes: Buffer): boolean => bytes.subarray(0, field(keyKind).length).equals(field(keyKind));

/** A string of SSH: its length in four bytes, then its bytes. */
function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads strings of SSH. @throws RangeError where there is less than was announced */
class Fields {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): Buffer {
    const start = this.#at + 4;
    const end = start + this.#bytes.readUInt32BE(this.#at);
    if (end > this.#bytes.length) throw new RangeError('A string is longer than what it is in.');
    this.#at = end;
    return this.#bytes.subarray(start, end);
  }

  skip(count: number): this {
    for (let left = count; left > 0; left--) this.next();
    return this;
  }
}
