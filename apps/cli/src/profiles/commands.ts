import { Argument } from 'commander';
import { isExecutorClass } from '@horde/protocol';
import { finish } from '../program/finish.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { print } from '../program/print.ts';
import { table } from '../terminal/table.ts';
import { shortHotkey } from '../terminal/words.ts';
import { UsageError } from '../usage-error.ts';
import {
  checkProfileName,
  localProfile,
  readConfig,
  writeConfig,
  type Config,
  type Profile,
} from './config-file.ts';
import { connectionOf, defaults, profileOfLocalNetwork } from './connection.ts';
import { self } from '../program/self.ts';

/** The words for a profile's fields. */
const settable = {
  facilitator: 'facilitator',
  'wallet-directory': 'walletDirectory',
  wallet: 'wallet',
  hotkey: 'hotkey',
  validator: 'validator',
  class: 'executorClass',
  namespace: 'namespace',
} as const satisfies Record<string, keyof Profile>;
type SettableField = keyof typeof settable;

export function addProfileCommands(program: HordeCommand): void {
  const profiles = program
    .command('profiles')
    .description('which facilitator, hotkey and validator commands use where no option names them');
  profiles.examples('horde profiles list', 'horde profiles use main');

  profiles
    .command('list')
    .description('the profiles; the current one is marked')
    .option('--json', 'print one line of JSON')
    .examples('horde profiles list')
    .action(({ json = false }: { json?: boolean }) => finish(() => list(json)));

  profiles
    .command('use')
    .description('make a profile the current one')
    .argument('<profile>', `"${localProfile}" is the network on this machine`)
    .examples('horde profiles use main', `horde profiles use ${localProfile}`)
    .action((name: string) => finish(() => use(name)));

  profiles
    .command('set')
    .description('set a field of a profile; an empty value takes it away')
    .argument('<profile>', 'its name')
    .addArgument(new Argument('<field>', 'what to set').choices(Object.keys(settable)))
    .argument('<value>', 'its value')
    .examples('horde profiles set main class always_on.gpu-24gb', 'horde profiles set main namespace SN123.0')
    .action((name: string, field: SettableField, value: string) => finish(() => set(name, field, value)));

  profiles
    .command('remove')
    .description('forget a profile')
    .argument('<profile>', 'its name')
    .examples('horde profiles remove old')
    .action((name: string) => finish(() => remove(name)));
}

async function list(json: boolean): Promise<number> {
  const { current, profiles } = await readConfig();
  const local = await profileOfLocalNetwork();
  const all = new Map([...profiles, ...(local ? [[localProfile, local] as const] : [])]);
  const chosen = current ?? (local ? localProfile : null);
  if (json) print(JSON.stringify({ current: chosen, profiles: Object.fromEntries(all) }));
  else if (all.size === 0) print(`There is no profile yet. Make one: ${self} login`);
  else {
    const rows = [...all].map(([name, profile]) => [
      name === chosen ? '*' : '',
      name,
      profile.facilitator ?? defaults.facilitator,
      `${profile.wallet ?? defaults.wallet}/${profile.hotkey ?? defaults.hotkey}`,
      shortHotkey(profile.validator ?? ''),
      profile.executorClass ?? '',
    ]);
    table([['', 'NAME', 'FACILITATOR', 'HOTKEY', 'VALIDATOR', 'CLASS'], ...rows]).forEach(print);
  }
  return 0;
}

async function use(name: string): Promise<number> {
  const config = await readConfig();
  if (name !== localProfile) existing(config, name);
  await writeConfig({ ...config, current: name });
  print(`"${name}" is the current profile.`);
  return 0;
}

async function set(name: string, field: SettableField, value: string): Promise<number> {
  checkProfileName(name);
  const config = await readConfig();
  const { [settable[field]]: _old, ...rest } = existing(config, name);
  const profile: Profile = value === '' ? rest : { ...rest, [settable[field]]: value };
  connectionOf(profile);
  if (field === 'class' && value !== '' && !isExecutorClass(value))
    throw new UsageError(`There is no executor class "${value}": ${self} classes lists them.`);
  config.profiles.set(name, profile);
  await writeConfig(config);
  print(`"${name}" has ${value === '' ? `no ${field} any more` : `the ${field} ${value}`}.`);
  return 0;
}

async function remove(name: string): Promise<number> {
  checkProfileName(name);
  const config = await readConfig();
  existing(config, name);
  config.profiles.delete(name);
  await writeConfig({ ...config, current: config.current === name ? null : config.current });
  print(`"${name}" is forgotten; its hotkey stays where it is.`);
  return 0;
}

function existing({ profiles }: Config, name: string) {
  const profile = profiles.get(name);
  if (!profile)
    throw new UsageError(`There is no profile "${name}". Make it: ${self} login --profile ${name}`);
  return profile;
}
