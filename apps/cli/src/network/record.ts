import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { networksFolder } from '../paths.ts';
import type { Profile } from '../profiles/config-file.ts';
import { identify, isRunning, type ProcessIdentity } from './processes.ts';

interface ServiceRecord {
  name: string;
  process: ProcessIdentity;
  /** Where it listens: `http://127.0.0.1:9000`. */
  url: string;
}

/** What is written down of a network before any of it starts, so that whatever happens it can be cleaned up. */
export interface NetworkRecord {
  id: string;
  /** Who needs it: the process that starts it or runs a demo on it; null once a network of `up` runs by itself. */
  owner: ProcessIdentity | null;
  /** Whether it stays until `down`, and its data even longer. */
  stays: boolean;
  /** The folder of its own Postgres server; null when it uses a given one. */
  postgresFolder: string | null;
  services: ServiceRecord[];
  /** How its user's commands reach it; null until it is up. */
  profile: Profile | null;
}

/** The network of `up`: there is one in a data folder. */
export const stayingNetwork = 'up';

/**
 * What the processes and containers of a network bear, by which they are found: of the network of `up` also a sign of its
 * data folder, since others on this machine may have one of that id.
 */
export const markOf = (id: string): string =>
  id === stayingNetwork
    ? `${id}-${createHash('sha256').update(networksFolder).digest('hex').slice(0, 8)}`
    : id;

export const folderOf = (id: string): string => path.join(networksFolder, id);
const fileOf = (id: string): string => path.join(folderOf(id), 'network.json');

/** Where what sets a service of a network up is kept, for its own commands. */
export const exportsFile = (id: string, service: string): string => path.join(folderOf(id), 'env', service);
/** Whether the network of `up` is there, or somebody is starting it. */
export const isStaying = (): boolean => existsSync(fileOf(stayingNetwork));

let lastWrite: Promise<void> = Promise.resolve();

/** Writes the record as it is when its turn has come; services that start at the same time write one after another. */
export function writeRecord(record: NetworkRecord): Promise<void> {
  lastWrite = lastWrite.then(async () => {
    const file = fileOf(record.id);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o711 });
    await writeFile(`${file}.new`, JSON.stringify(record, null, 2), { mode: 0o600 });
    await rename(`${file}.new`, file);
  });
  return lastWrite;
}

/** null when there is no such network, or its record cannot be read. */
export async function readRecord(id: string): Promise<NetworkRecord | null> {
  try {
    return JSON.parse(await readFile(fileOf(id), 'utf8')) as NetworkRecord;
  } catch {
    return null;
  }
}

/** The ids of all networks that have left anything here. */
export async function networkIds(): Promise<string[]> {
  const entries = await readdir(networksFolder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Whether somebody who still runs needs this network. */
export function isOwned(record: NetworkRecord): boolean {
  return record.owner === null
    ? record.services.some(({ process }) => isRunning(process))
    : isRunning(record.owner);
}

export const thisProcess = (): ProcessIdentity => identify(process.pid)!;
