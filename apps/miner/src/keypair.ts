import { readHotkey, walletHotkeyPath, type Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import type { MinerSettings } from './settings.ts';

/** Where the settings say that the miner's hotkey is. @throws IdentityError */
export const keypairFile = (settings: MinerSettings): string =>
  walletHotkeyPath({
    directory: settings.walletDirectory,
    wallet: settings.walletName,
    hotkey: settings.walletHotkeyName,
  });

/** The miner's hotkey; what is amiss with its file is logged. @throws IdentityError */
export async function readKeypair(settings: MinerSettings, logger: Logger): Promise<Keypair> {
  const warnings: string[] = [];
  const keypair = await readHotkey(keypairFile(settings), warnings);
  for (const warning of warnings) logger.warn(warning);
  return keypair;
}
