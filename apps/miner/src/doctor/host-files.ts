import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Where a machine keeps the settings that decide over its containers, and how they are read. */
export interface HostFiles {
  /** Of the Docker engine. */
  daemon: string;
  /** Of NVIDIA's container toolkit. */
  toolkit: string;
  meminfo: string;
  /** Files, or folders of them, that are read at each start; the last one counts. */
  sysctl: string[];
  /** null: there is none, or it cannot be read. */
  read(file: string): Promise<string | null>;
  /** The names in a folder; null: it is none. */
  list(folder: string): Promise<string[] | null>;
  /** Whether a container is looked at, instead of the machine that it is on. */
  inContainer: boolean;
}

/** Where Linux distributions have them. */
export const usualPlaces = {
  daemon: '/etc/docker/daemon.json',
  toolkit: '/etc/nvidia-container-runtime/config.toml',
  meminfo: '/proc/meminfo',
  sysctl: ['/usr/lib/sysctl.d', '/run/sysctl.d', '/etc/sysctl.d', '/etc/sysctl.conf'],
};

/** Reads what is on this machine. */
export const readsHere: Pick<HostFiles, 'read' | 'list' | 'inContainer'> = {
  read: (file) => readFile(file, 'utf8').catch(() => null),
  list: (folder) => readdir(folder).catch(() => null),
  inContainer: existsSync('/.dockerenv'),
};

export const hostFiles: HostFiles = { ...usualPlaces, ...readsHere };

/** @returns also what is wrong with it, for the end of a sentence; null: nothing, or it is not there */
export async function readDaemonConfig({ daemon, read }: HostFiles): Promise<{
  text: string | null;
  problem: string | null;
}> {
  const text = await read(daemon);
  try {
    if (text !== null && text.trim() !== '') JSON.parse(text);
    return { text, problem: null };
  } catch (error) {
    return { text, problem: (error as Error).message.replaceAll(/\s+/g, ' ') };
  }
}

/** Where the toolkit's file says so, and what. null: nowhere. */
export interface TomlLine {
  number: number;
  value: string;
}

/** A key of a table, of those lines that are no comment. */
export function tomlLine(text: string, table: string, key: string): TomlLine | null {
  let inTable = false;
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[(?<name>[^\]]+)\]/.exec(line)?.groups?.['name'];
    if (header !== undefined) inTable = header.trim() === table;
    const [name = '', value = ''] = line.replace(/#.*$/, '').split('=');
    if (inTable && name.trim() === key) return { number: index + 1, value: value.trim() };
  }
  return null;
}

/** The file that sets a kernel setting at each start; null: none does. */
export async function sysctlFile({ sysctl, read, list }: HostFiles, key: string): Promise<string | null> {
  const isSet = new RegExp(`^\\s*-?${key.replaceAll('.', '[./]')}\\s*=`, 'm');
  let last: string | null = null;
  for (const place of sysctl) {
    const names = await list(place);
    const inside = names?.filter((name) => name.endsWith('.conf')).toSorted() ?? [];
    for (const file of names ? inside.map((name) => path.join(place, name)) : [place])
      if (isSet.test((await read(file)) ?? '')) last = file;
  }
  return last;
}
