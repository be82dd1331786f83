import { homedir } from 'node:os';
import path from 'node:path';
import { IdentityError } from './identity-error.ts';

/** Names a hotkey the way Bittensor's settings do. */
export interface WalletNames {
  /** Folder of all wallets, usually `~/.bittensor/wallets`; a leading `~` is the home folder. */
  directory: string;
  wallet: string;
  hotkey: string;
}

/**
 * Where Bittensor keeps a hotkey: `{directory}/{wallet}/hotkeys/{hotkey}`, as an absolute path.
 *
 * @throws IdentityError when a name could lead out of its folder
 */
export function walletHotkeyPath({ directory, wallet, hotkey }: WalletNames): string {
  checkName('wallet', wallet);
  checkName('hotkey', hotkey);
  return path.resolve(expandHome(directory), wallet, 'hotkeys', hotkey);
}

/** A leading `~` is the home folder. */
export const expandHome = (folder: string): string =>
  folder === '~' || folder.startsWith('~/') ? homedir() + folder.slice(1) : folder;

function checkName(what: string, name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
    throw new IdentityError(
      `${JSON.stringify(name)} cannot be the name of a ${what}: it is not a plain file name.`,
    );
  }
}
