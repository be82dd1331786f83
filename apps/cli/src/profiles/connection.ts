import { existsSync } from 'node:fs';
import { isSs58, readHotkey, walletHotkeyPath, type Keypair } from '@horde/identity';
import { HordeClient } from '@horde/sdk';
import { readRecord, stayingNetwork } from '../network/record.ts';
import type { HordeCommand } from '../program/horde-command.ts';
import { askHidden, canAsk } from '../terminal/ask.ts';
import { shortId } from '../terminal/words.ts';
import { UsageError } from '../usage-error.ts';
import { localProfile, readConfig, type Profile } from './config-file.ts';
import { self } from '../program/self.ts';

/** Options of every command that talks to a facilitator. */
export interface ConnectionOptions {
  profile?: string;
  facilitator?: string;
  walletDirectory?: string;
  wallet?: string;
  hotkey?: string;
  validator?: string;
}

/** What a command has to know of the network. */
export interface Connection {
  facilitator: string;
  hotkeyFile: string;
  /** null: none is named anywhere. */
  validator: string | null;
  executorClass: string | null;
  namespace: string;
}

export const defaults = {
  facilitator: 'https://facilitator.computehorde.io/',
  walletDirectory: '~/.bittensor/wallets',
  wallet: 'default',
  hotkey: 'default',
  namespace: 'cli.1',
} as const satisfies Profile;

/** The environment's words for a profile's fields: those of ComputeHorde's own tools. */
const variables = {
  facilitator: 'FACILITATOR_URL',
  walletDirectory: 'BITTENSOR_WALLET_DIRECTORY',
  wallet: 'BITTENSOR_WALLET_NAME',
  hotkey: 'BITTENSOR_WALLET_HOTKEY_NAME',
  validator: 'VALIDATOR_HOTKEY',
} as const satisfies Partial<Record<keyof Profile, string>>;

export const connectionOptions = (command: HordeCommand): HordeCommand =>
  command
    .option('--profile <name>', 'whose settings count where nothing else names them (HORDE_PROFILE)')
    .option(
      '--facilitator <url>',
      `where jobs are sent to (FACILITATOR_URL; default: ${defaults.facilitator})`,
    )
    .option(
      '--wallet-directory <folder>',
      `of all wallets (BITTENSOR_WALLET_DIRECTORY; default: ${defaults.walletDirectory})`,
    )
    .option(
      '--wallet <name>',
      `whose hotkey logs in and signs (BITTENSOR_WALLET_NAME; default: ${defaults.wallet})`,
    )
    .option('--hotkey <name>', `of the wallet (BITTENSOR_WALLET_HOTKEY_NAME; default: ${defaults.hotkey})`)
    .option('--validator <hotkey>', 'the validator that takes the jobs (VALIDATOR_HOTKEY)') as HordeCommand;

/** How a job is named in a further command, so that it is looked for in the same network. */
export const namedAgain = (uuid: string, { profile }: ConnectionOptions): string =>
  `${shortId(uuid)}${profile === undefined ? '' : ` --profile ${profile}`}`;

/** Options count before the environment, and that before the profile. @throws UsageError */
export const resolveConnection = async (options: ConnectionOptions): Promise<Connection> =>
  connectionOf(named(await chosenProfile(options.profile), options));

/** A profile with what the environment and options name instead. */
export function named(profile: Profile, options: ConnectionOptions): Profile {
  const { facilitator, walletDirectory, wallet, hotkey, validator } = options;
  const given = { facilitator, walletDirectory, wallet, hotkey, validator };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...profile, ...fromEnvironment(), ...Object.fromEntries(set) };
}

/** @throws UsageError */
export function connectionOf(profile: Profile): Connection {
  const { facilitator, walletDirectory, wallet, hotkey, validator, executorClass, namespace } = {
    ...defaults,
    ...profile,
  };
  if (!URL.canParse(facilitator) || !/^https?:/.test(facilitator))
    throw new UsageError(
      `"${facilitator}" is no address of a facilitator: it begins with https:// or http://.`,
    );
  if (validator !== undefined && !isSs58(validator))
    throw new UsageError(`"${validator}" is no hotkey of a validator: that is an address such as 5F….`);
  return {
    facilitator,
    hotkeyFile: walletHotkeyPath({ directory: walletDirectory, wallet, hotkey }),
    validator: validator ?? null,
    executorClass: executorClass ?? null,
    namespace,
  };
}

/** The profile that is named, else the current one, else that of the network on this machine, else none. */
async function chosenProfile(wanted = process.env['HORDE_PROFILE'] || undefined): Promise<Profile> {
  const { current, profiles } = await readConfig();
  const name = wanted ?? current ?? localProfile;
  if (name === localProfile) {
    const local = await profileOfLocalNetwork();
    if (local) return local;
    if (wanted === undefined && current === null) return {};
    throw new UsageError(`There is no network on this machine. Start one, in a checkout: ./horde up`);
  }
  const profile = profiles.get(name);
  if (profile) return profile;
  const names = [...profiles.keys()].join(', ') || 'none yet';
  throw new UsageError(
    `There is no profile "${name}" (there are: ${names}). Make it: ${self} login --profile ${name}`,
  );
}

/** null: none is up. */
export const profileOfLocalNetwork = async (): Promise<Profile | null> =>
  (await readRecord(stayingNetwork))?.profile ?? null;

const fromEnvironment = (): Profile =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([field, name]) => {
      const value = process.env[name];
      return value ? [[field, value]] : [];
    }),
  );

/** The hotkey of a connection. An encrypted file's password is asked for in a terminal. @throws IdentityError */
export async function openHotkey({ hotkeyFile }: Connection): Promise<Keypair> {
  if (!existsSync(hotkeyFile)) {
    throw new UsageError(
      `There is no hotkey file ${hotkeyFile}. Make one: ${self} keys new. Or name another with --wallet and --hotkey.`,
    );
  }
  const warnings: string[] = [];
  const password = canAsk() ? () => askHidden(`Password of ${hotkeyFile}: `) : undefined;
  const keypair = await readHotkey(hotkeyFile, warnings, { password });
  for (const sentence of warnings) process.stderr.write(`${sentence}\n`);
  return keypair;
}

export const clientOf = ({ facilitator, validator }: Connection, hotkey: Keypair): HordeClient =>
  new HordeClient({ facilitatorUrl: facilitator, hotkey, validatorHotkey: validator ?? '' });

/** A client for the facilitator that options, environment and profile name. */
export async function openClient(
  options: ConnectionOptions,
): Promise<{ client: HordeClient; connection: Connection }> {
  const connection = await resolveConnection(options);
  return { client: clientOf(connection, await openHotkey(connection)), connection };
}
