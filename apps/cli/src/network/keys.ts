import { ensureHotkey, walletHotkeyPath, type Keypair } from '@horde/identity';
import { walletsFolder } from '../paths.ts';

/** The parts of a network that sign. */
const signers = ['user', 'validator', 'miner'] as const;
export type Signer = (typeof signers)[number];

export const hotkeyName = 'default';

/** The key of each signer, made on first use in the data folder (files of mode 0600) and kept from then on. */
export async function networkKeys(): Promise<Record<Signer, Keypair>> {
  const keys = await Promise.all(
    signers.map(async (wallet) => {
      const file = walletHotkeyPath({ directory: walletsFolder, wallet, hotkey: hotkeyName });
      return [wallet, await ensureHotkey(file)] as const;
    }),
  );
  return Object.fromEntries(keys) as Record<Signer, Keypair>;
}
