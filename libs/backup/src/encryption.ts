import { Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { UnreadableBackup } from './backup-text.ts';

/** Compressed, then encrypted as `age` does it: `age --decrypt --identity FILE | gunzip` reads it, too. */
export async function seal(text: AsyncIterable<Uint8Array>, recipients: string[]): Promise<Readable> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const packed = Readable.from(text).compose(createGzip()) as unknown as Readable;
  const sealed = await encrypter.encrypt(Readable.toWeb(packed) as ReadableStream<Uint8Array>);
  return Readable.fromWeb(sealed as never);
}

/** @param identity `AGE-SECRET-KEY-1…` @throws UnreadableBackup where it is not for that key */
export async function unseal(sealed: Readable, identity: string): Promise<AsyncIterable<Uint8Array>> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const packed = await decrypter
    .decrypt(Readable.toWeb(sealed) as ReadableStream<Uint8Array>)
    .catch((error: unknown) => {
      throw new UnreadableBackup(`It cannot be decrypted with this key: ${(error as Error).message}.`);
    });
  return Readable.fromWeb(packed as never).compose(createGunzip()) as unknown as AsyncIterable<Uint8Array>;
}

/** A new pair: what encrypts may lie on a server, what decrypts belongs elsewhere. */
export async function makeKeys(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}
