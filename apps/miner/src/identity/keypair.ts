import { IdentityError, readHotkey, walletHotkeyPath, type Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import { SettingsError } from '@horde/settings';
import type { MinerSettings } from '../settings.ts';

/** Where the settings say that the miner's hotkey is. @throws IdentityError */
export const keypairFile = (settings: MinerSettings): string =>
  walletHotkeyPath({
    directory: settings.walletDirectory,
    wallet: settings.walletName,
    hotkey: settings.walletHotkeyName,
  });

/** The hotkey of a miner that starts, as `keypairOf` reads it. @throws SettingsError */
export async function readKeypair(settings: MinerSettings, logger: Logger): Promise<Keypair> {
  try {
    return await keypairOf(settings, logger);
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    throw new SettingsError([
      error.message,
      'BITTENSOR_WALLET_DIRECTORY, BITTENSOR_WALLET_NAME and BITTENSOR_WALLET_HOTKEY_NAME say where it is.',
    ]);
  }
}

/** The miner's hotkey; what is amiss with its file is logged. @throws IdentityError */
export async function keypairOf(settings: MinerSettings, logger: Logger): Promise<Keypair> {
  const warnings: string[] = [];
  const keypair = await readHotkey(keypairFile(settings), warnings);
  for (const warning of warnings) logger.warn(warning);
  return keypair;
}
