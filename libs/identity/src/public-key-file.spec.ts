import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IdentityError } from './identity-error.ts';
import { readPublicKey } from './public-key-file.ts';
import { ss58Encode } from './ss58.ts';

/** What bittensor-wallet 4.1.1 wrote beside a throw-away hotkey. */
const writtenByBittensor = {
  ss58Address: '5DLCnNdXXaeLjqGwqk4DvacDFawMXhR8UZH1Qz34xdMGTe6j',
  accountId: '0x380e49b66c1b085cb2d2c4bd074dbeb2e497f79734d71c46a4f6fb1417d5f715',
  publicKey: '0x380e49b66c1b085cb2d2c4bd074dbeb2e497f79734d71c46a4f6fb1417d5f715',
  cryptoType: 1,
};
const { ss58Address, accountId, publicKey } = writtenByBittensor;
const otherAddress = '5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-identity-'));
  file = path.join(folder, 'hotkeypub.txt');
});
afterEach(() => rm(folder, { recursive: true }));

async function write(content: unknown): Promise<void> {
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
}

describe('the public half of a wallet’s key', () => {
  it.each([
    ['whole', writtenByBittensor],
    ['only an address', { ss58Address }],
    ['only an address under its misspelt name', { ' ss58Address': ss58Address }],
    ['only a public key', { publicKey }],
    ['only an account', { accountId, publicKey: null }],
  ])('is read from a file with %s', async (_what, content) => {
    await write(content);
    expect(ss58Encode(await readPublicKey(file))).toBe(ss58Address);
  });

  it('is read through a symbolic link', async () => {
    await write(writtenByBittensor);
    const link = path.join(folder, 'link');
    await symlink(file, link);
    expect(ss58Encode(await readPublicKey(link))).toBe(ss58Address);
  });

  it.each([
    ['holds nothing of it', {}, /holds no public key/],
    ['contradicts itself', { ...writtenByBittensor, ss58Address: otherAddress }, /do not agree/],
    ['is for another kind of key', { ...writtenByBittensor, cryptoType: 0 }, /another type/],
    ['holds a short key', { publicKey: publicKey.slice(0, -2) }, /its publicKey is not 32 bytes in hex/],
    ['holds bytes that are no key', { publicKey: 'ff'.repeat(32) }, /is no sr25519 public key/],
    ['holds a mistyped address', { ss58Address: '5DLC' }, /its ss58Address is not valid/],
    ['is an export of polkadot.js', { encoded: 'MFMC', encoding: {} }, /polkadot\.js export/],
    ['is an address without JSON', ss58Address, /holds no JSON object/],
  ])('is refused when its file %s', async (_what, content, reason) => {
    await write(content);
    await expect(readPublicKey(file)).rejects.toThrow(IdentityError);
    await expect(readPublicKey(file)).rejects.toThrow(reason);
    await expect(readPublicKey(file)).rejects.toThrow(file);
  });

  it('is refused when its file is missing', async () => {
    await expect(readPublicKey(file)).rejects.toThrow(`There is no public key file ${file}.`);
  });
});
