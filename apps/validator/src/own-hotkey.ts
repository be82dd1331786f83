import { IdentityError, readOwnHotkey, type Keypair } from '@horde/identity';
import type { Logger } from '@horde/operations';
import { unusableWallet } from '@horde/settings';
import type { ValidatorSettings } from './settings.ts';

/** The validator's own key, from its wallet; what is amiss with its file is logged. @throws SettingsError */
export async function ownHotkey(settings: ValidatorSettings, logger: Logger): Promise<Keypair> {
  try {
    const keypair = await readOwnHotkey(settings, (sentence) => logger.warn(sentence));
    logger.info({ hotkey: keypair.address }, 'this is the validator');
    return keypair;
  } catch (error) {
    throw error instanceof IdentityError ? unusableWallet(error.message) : error;
  }
}
