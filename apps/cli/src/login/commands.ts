import { finish } from '../program/finish.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { print } from '../program/print.ts';
import { checkProfileName, localProfile, readConfig, writeConfig } from '../profiles/config-file.ts';
import {
  clientOf,
  connectionOf,
  connectionOptions,
  named,
  openHotkey,
  type ConnectionOptions,
} from '../profiles/connection.ts';
import { self } from '../program/self.ts';

export function addLoginCommand(program: HordeCommand): void {
  connectionOptions(
    program
      .command('login')
      .description('log in, and keep what was named as the current profile ("main", or --profile)'),
  )
    .examples(
      'horde login --wallet mine --validator 5F…',
      'horde login --profile test --facilitator https://facilitator.example/',
    )
    .action((options: ConnectionOptions) => finish(() => login(options)));
}

/** Of a profile that is there already stays what was not named. */
async function login(options: ConnectionOptions): Promise<number> {
  const config = await readConfig();
  const current = config.current === localProfile ? null : config.current;
  const name = options.profile ?? current ?? 'main';
  checkProfileName(name);
  const profile = named(config.profiles.get(name) ?? {}, options);
  const connection = connectionOf(profile);
  const hotkey = await openHotkey(connection);
  await clientOf(connection, hotkey).login();
  config.profiles.set(name, profile);
  await writeConfig({ ...config, current: name });
  print(`Logged in at ${connection.facilitator} as ${hotkey.address}; "${name}" is the current profile.`);
  if (connection.validator === null)
    print(
      `It names no validator yet: ${self} validators list shows them, ${self} login --validator HOTKEY names one.`,
    );
  return 0;
}
