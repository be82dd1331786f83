import { IdentityError, readOwnHotkey, type Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import { unusableWallet } from '@horde/settings';
import type { MinerSettings } from '../settings.ts';

/** The hotkey of a miner that starts; what is amiss with its file is logged. @throws SettingsError */
export async function readKeypair(settings: MinerSettings, logger: Logger): Promise<Keypair> {
  try {
    return await readOwnHotkey(settings, (sentence) => logger.warn(sentence));
  } catch (error) {
    throw error instanceof IdentityError ? unusableWallet(error.message) : error;
  }
}
