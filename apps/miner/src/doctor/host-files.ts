import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Where a machine keeps the settings that decide over its containers. */
export interface HostFiles {
  /** Of the Docker engine. */
  daemon: string;
  /** Of NVIDIA's container toolkit. */
  toolkit: string;
  meminfo: string;
  /** Files, or folders of them, that are read at each start; the last one counts. */
  sysctl: string[];
}

export const hostFiles: HostFiles = {
  daemon: '/etc/docker/daemon.json',
  toolkit: '/etc/nvidia-container-runtime/config.toml',
  meminfo: '/proc/meminfo',
  sysctl: ['/usr/lib/sysctl.d', '/run/sysctl.d', '/etc/sysctl.d', '/etc/sysctl.conf'],
};

/** null: there is none, or it cannot be read. */
export const readText = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);

/** @returns also what is wrong with it, for the end of a sentence; null: nothing, or it is not there */
export async function readDaemonConfig({ daemon }: HostFiles): Promise<{
  text: string | null;
  problem: string | null;
}> {
  const text = await readText(daemon);
  try {
    if (text !== null && text.trim() !== '') JSON.parse(text);
    return { text, problem: null };
  } catch (error) {
    return { text, problem: (error as Error).message };
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
export async function sysctlFile({ sysctl }: HostFiles, key: string): Promise<string | null> {
  const isSet = new RegExp(`^\\s*-?${key.replaceAll('.', '[./]')}\\s*=`, 'm');
  let last: string | null = null;
  for (const place of sysctl) {
    const names = await readdir(place).catch(() => null);
    const inside = names?.filter((name) => name.endsWith('.conf')).toSorted() ?? [];
    for (const file of names ? inside.map((name) => path.join(place, name)) : [place])
      if (isSet.test((await readText(file)) ?? '')) last = file;
  }
  return last;
}
