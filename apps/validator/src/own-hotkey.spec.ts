import { createLogger } from '@horde/operations';
import { SettingsError } from '@horde/settings';
import { expect, it } from 'vitest';
import { ownHotkey } from './own-hotkey.ts';
import { ValidatorSettings } from './settings.ts';

it('a validator whose hotkey is not there names the settings that say where it is', async () => {
  const settings = Object.assign(new ValidatorSettings(), {
    walletDirectory: '/nowhere',
    walletName: 'validator',
    walletHotkeyName: 'default',
  });
  const error: unknown = await ownHotkey(settings, createLogger('validator')).catch((why: unknown) => why);
  expect(error).toBeInstanceOf(SettingsError);
  expect((error as SettingsError).sentences).toEqual([
    'There is no hotkey file /nowhere/validator/hotkeys/default.',
    'BITTENSOR_WALLET_DIRECTORY, BITTENSOR_WALLET_NAME and BITTENSOR_WALLET_HOTKEY_NAME say where it is.',
  ]);
});
