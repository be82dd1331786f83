import { readFile, writeFile } from 'node:fs/promises';

/** SSH takes a while to load, and whoever starts a miner need not wait for it. */
const loaded = async () => (await import('ssh2')).default.utils;

/** A pair of keys in OpenSSH's form. Of ssh2's own Ed25519 keys one in some 200 cannot be read: those are passed over. */
export async function generateSshKey(
  type: 'ed25519' | 'ecdsa' = 'ed25519',
): Promise<{ private: string; public: string }> {
  const { generateKeyPairSync, parseKey } = await loaded();
  for (;;) {
    const pair = type === 'ecdsa' ? generateKeyPairSync(type, { bits: 256 }) : generateKeyPairSync(type);
    if (!(parseKey(pair.private) instanceof Error)) return pair;
  }
}

/**
 * What has to stand in authorized_keys of a host to let a key in.
 *
 * @param make whether a key that is not there yet is made, for its owner alone
 * @returns `ssh-ed25519 AAAA…`
 * @throws Error where it cannot be read or made
 */
export async function publicSshKey(file: string, { make }: { make: boolean }): Promise<string> {
  if (make)
    await writeFile(file, (await generateSshKey()).private, { mode: 0o600, flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  const key = (await loaded()).parseKey(await readFile(file));
  if (key instanceof Error) throw new Error(`${file} is no key that can be used: ${key.message}.`);
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}
