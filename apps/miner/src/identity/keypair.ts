import { existsSync } from 'node:fs';
import { IdentityError, Keypair, ownHotkeyPath, readOwnHotkey } from '@horde/identity';
import type { Logger } from '@horde/operations';
import { unusableWallet } from '@horde/settings';
import type { MinerSettings } from '../settings.ts';

/** The hotkey of a miner that starts; what is amiss with its file is logged. @throws SettingsError */
export async function readKeypair(settings: MinerSettings, logger: Logger): Promise<Keypair> {
  try {
    return await ownKeypair(settings, (sentence) => logger.warn(sentence));
  } catch (error) {
    throw error instanceof IdentityError ? unusableWallet(error.message) : error;
  }
}

/** Whether it is a local miner that has no wallet. @throws IdentityError when a name could lead out of its folder */
export const doesWithoutWallet = (settings: MinerSettings): boolean =>
  settings.isLocalMiner && !existsSync(ownHotkeyPath(settings));

/**
 * The miner's hotkey. The validator of a local miner knows it by a placeholder, and no chain does: where it has no wallet, as
 * the install script leaves it, one that is made for this process does.
 *
 * @throws IdentityError as `readOwnHotkey` does
 */
export async function ownKeypair(
  settings: MinerSettings,
  warn: (sentence: string) => void,
): Promise<Keypair> {
  if (doesWithoutWallet(settings)) return Keypair.generate();
  return readOwnHotkey(settings, warn);
}
