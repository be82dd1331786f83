import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  expandHome,
  IdentityError,
  readHotkey,
  readPublicKey,
  ss58Encode,
  walletHotkeyPath,
} from '@horde/identity';

/** A hotkey's file in the folder of all wallets. */
export interface ListedHotkey {
  wallet: string;
  hotkey: string;
  file: string;
  /** null: it cannot be told. */
  address: string | null;
  /** What its owner should know; null: nothing. */
  note: string | null;
}

/** All hotkeys of a folder of wallets, in Bittensor's layout; none where there is no such folder. */
export async function listHotkeys(directory: string): Promise<ListedHotkey[]> {
  const wallets = await names(expandHome(directory));
  const listed = await Promise.all(
    wallets.map(async (wallet) => {
      const hotkeys = await names(path.join(expandHome(directory), wallet, 'hotkeys'));
      const secret = hotkeys.filter((name) => !name.endsWith('pub.txt'));
      return Promise.all(
        secret.map((hotkey) => describe(wallet, hotkey, walletHotkeyPath({ directory, wallet, hotkey }))),
      );
    }),
  );
  return listed.flat();
}

async function describe(wallet: string, hotkey: string, file: string): Promise<ListedHotkey> {
  const warnings: string[] = [];
  // The row says which file it is.
  const subject = `The hotkey file ${file} `;
  let isEncrypted = false;
  const password = () => {
    isEncrypted = true;
    return Promise.reject(new IdentityError('encrypted'));
  };
  try {
    const { address } = await readHotkey(file, warnings, { password });
    return { wallet, hotkey, file, address, note: warnings[0]?.replace(subject, '') ?? null };
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    const publicKey = await readPublicKey(`${file}pub.txt`).catch(() => null);
    const address = publicKey && ss58Encode(publicKey);
    return {
      wallet,
      hotkey,
      file,
      address,
      note: isEncrypted ? 'encrypted' : error.message.replace(subject, ''),
    };
  }
}

async function names(folder: string): Promise<string[]> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return found.filter((name) => !name.startsWith('.')).toSorted();
}
