import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ExecutorClass } from '../../libs/protocol/src/executor-classes.ts';

const envs = path.resolve(import.meta.dirname, '../../envs');

export type InstallRole = 'miner' | 'validator';
export const installRoles: InstallRole[] = ['miner', 'validator'];

/** Where releases come from, by the names in envs/release.env. */
export type ReleasePlace = Record<
  'REGISTRY' | 'REPOSITORY_PREFIX' | 'SCRIPT_ADDRESS' | 'PUBLIC_KEYS',
  string
>;

/** @throws Error where the file lacks a name, or a value has signs that no address or key has */
export function readReleasePlace(file = path.join(envs, 'release.env')): ReleasePlace {
  const lines = readFileSync(file, 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm);
  const found = Object.fromEntries([...lines].map(([, name, value]) => [name!, value!]));
  for (const name of ['REGISTRY', 'REPOSITORY_PREFIX', 'SCRIPT_ADDRESS', 'PUBLIC_KEYS'])
    if (!/^[\w.:/@+=, -]*$/.test(found[name] ?? '\n')) throw new Error(`${file}: ${name} is not to be read.`);
  return found as ReleasePlace;
}

/**
 * One of the scripts at the top, whole: all in functions, of which the last line calls one, so that a download that was
 * cut off does nothing. What runs on the server is a text in it.
 */
export function installScript(role: InstallRole, place = readReleasePlace()): string {
  const ours = [...parts('local'), ...parts(role)];
  return `#!/usr/bin/env bash
# Installs a ${role} over SSH, and repairs one: curl -sSfL ADDRESS/install_${role}.sh | bash -s - ARGUMENTS
# Written by ./horde docs from envs/install: change it there.

release_place() {
  registry='${place.REGISTRY}'
  repository_prefix='${place.REPOSITORY_PREFIX}'
  script_address='${place.SCRIPT_ADDRESS}'
  public_keys='${place.PUBLIC_KEYS}'
}

${role === 'miner' ? `executor_classes() { printf '%s' '${ExecutorClass.join(' ')}'; }\n\n` : ''}${ours.map(read).join('\n')}
# What runs on the server: it reads this text, and then its values, from its standard input.
server_program() {
  cat <<'END_OF_SERVER_PROGRAM'
${serverProgram()}END_OF_SERVER_PROGRAM
}

{ install_${role} "$@"; exit; }
`;
}

/** What runs on the server, for all roles. */
export const serverProgram = (): string => `${parts('server').map(read).join('\n')}\n{ serve; exit; }\n`;

const parts = (folder: string): string[] =>
  globSync('*.sh', { cwd: path.join(envs, 'install', folder) })
    .toSorted()
    .map((file) => path.join(envs, 'install', folder, file));

const read = (file: string): string =>
  readFileSync(file, 'utf8')
    .replace(/^# shellcheck shell=bash\n/, '')
    .trimStart();
