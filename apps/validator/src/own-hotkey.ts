import { readHotkey, walletHotkeyPath, type Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import type { ValidatorSettings } from './settings.ts';

/** The validator's own key, from its wallet. */
export async function ownHotkey(settings: ValidatorSettings, logger: Logger): Promise<Keypair> {
  const warnings: string[] = [];
  const place = {
    directory: settings.walletDirectory,
    wallet: settings.walletName,
    hotkey: settings.walletHotkeyName,
  };
  const keypair = await readHotkey(walletHotkeyPath(place), warnings);
  for (const warning of warnings) logger.warn(warning);
  logger.info({ hotkey: keypair.address }, 'this is the validator');
  return keypair;
}
