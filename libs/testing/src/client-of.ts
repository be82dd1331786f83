import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readHotkey, walletHotkeyPath } from '@horde/identity';
import { HordeClient } from '@horde/sdk';

/** A client of the network that `./horde up` has started in a data folder. */
export async function clientOf(data: string): Promise<HordeClient> {
  const file = path.join(data, 'networks/up/network.json');
  const { profile } = JSON.parse(await readFile(file, 'utf8')) as { profile: Record<string, string> };
  const { facilitator, walletDirectory, wallet, hotkey, validator } = profile;
  const keyFile = walletHotkeyPath({ directory: walletDirectory!, wallet: wallet!, hotkey: hotkey! });
  return new HordeClient({
    facilitatorUrl: facilitator!,
    hotkey: await readHotkey(keyFile, []),
    validatorHotkey: validator!,
  });
}
