import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../usage-error.ts';

/** Which facilitator jobs go to, whose they are and which validator takes them. What is not set has a default or is asked for. */
export interface Profile {
  facilitator?: string;
  /** Folder of all wallets; a leading `~` is the home folder. */
  walletDirectory?: string;
  wallet?: string;
  hotkey?: string;
  /** The hotkey of the validator that takes the jobs. */
  validator?: string;
  executorClass?: string;
  namespace?: string;
}

export interface Config {
  /** The profile that counts where none is named; null: none. */
  current: string | null;
  profiles: Map<string, Profile>;
}

export const configFile = (): string =>
  path.join(process.env['XDG_CONFIG_HOME'] || path.join(homedir(), '.config'), 'horde', 'config.json');

/** @throws UsageError when the file is damaged or cannot be read */
export async function readConfig(): Promise<Config> {
  const file = configFile();
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { current: null, profiles: new Map() };
    throw new UsageError(`The profiles in ${file} cannot be read (${code}).`);
  }
  const config = configOf(text);
  if (!config) throw new UsageError(`${file} is damaged: it holds no profiles. Mend it, or remove it.`);
  return config;
}

function configOf(text: string): Config | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const { current = null, profiles = {} } = json as { current?: unknown; profiles?: unknown };
  if (typeof profiles !== 'object' || profiles === null) return null;
  const entries = Object.entries(profiles);
  const hasTexts = (fields: unknown): fields is Profile =>
    typeof fields === 'object' &&
    fields !== null &&
    Object.values(fields).every((value) => typeof value === 'string');
  if (!entries.every(([, fields]) => hasTexts(fields))) return null;
  if (current !== null && typeof current !== 'string') return null;
  return { current, profiles: new Map(entries as [string, Profile][]) };
}

/** Replaces the file whole, for this user alone. */
export async function writeConfig({ current, profiles }: Config): Promise<void> {
  const file = configFile();
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}`;
  try {
    const text = JSON.stringify({ current, profiles: Object.fromEntries(profiles) }, null, 2);
    await writeFile(temporary, `${text}\n`, { mode: 0o600, flag: 'wx' });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** @throws UsageError when it cannot be a profile's name */
export function checkProfileName(name: string): void {
  if (name === localProfile)
    throw new UsageError(`"${localProfile}" is the network that ./horde up starts on this machine.`);
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name))
    throw new UsageError(`"${name}" cannot be the name of a profile: letters, digits, ".", "_" and "-".`);
}

/** Stands for the network that `./horde up` has started on this machine, while it is up. */
export const localProfile = 'local';
