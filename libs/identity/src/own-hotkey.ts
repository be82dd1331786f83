import { readHotkey } from './hotkey-file.ts';
import type { Keypair } from './keypair.ts';
import { walletHotkeyPath } from './wallet-path.ts';

/** Where the settings of a service say that its hotkey is. */
export interface WalletSettings {
  /** Folder of all wallets; a leading `~` is the home folder. */
  walletDirectory: string;
  walletName: string;
  walletHotkeyName: string;
}

/** The file of a service's own hotkey. @throws IdentityError when a name could lead out of its folder */
export const ownHotkeyPath = (settings: WalletSettings): string =>
  walletHotkeyPath({
    directory: settings.walletDirectory,
    wallet: settings.walletName,
    hotkey: settings.walletHotkeyName,
  });

/**
 * Reads a service's own hotkey.
 *
 * @param warn gets a sentence when other users of the machine can get at the file
 * @throws IdentityError as `readHotkey` does
 */
export async function readOwnHotkey(
  settings: WalletSettings,
  warn: (sentence: string) => void,
): Promise<Keypair> {
  const warnings: string[] = [];
  const keypair = await readHotkey(ownHotkeyPath(settings), warnings);
  warnings.forEach((sentence) => warn(sentence));
  return keypair;
}
