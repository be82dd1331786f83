import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addressOf, archives, suitesOf, type Archive } from './archives.ts';

const scripts = path.resolve(import.meta.dirname, '../../envs/install/server');

/**
 * Fills a folder with the part of the distribution's archive that has Docker and all that it needs, as the source of packages
 * of a server without a network: the lists are whole, so that the distribution's signature of them can be checked there.
 *
 * @param mirror the folder, which is made; by an absolute path
 * @returns the system that it is for, this machine's: `debian-12`
 * @throws Error where this machine has no apt, or its system is none that the install scripts know
 */
export function makeEngineMirror(mirror: string): string {
  const [system, id, codename, packages] = askScripts() as [string, string, string, string];
  const archive = (archives as Record<string, Archive>)[id];
  if (!archive || !codename || !existsSync('/usr/bin/apt-get'))
    throw new Error(
      'Docker for a server is taken from the archive of Debian or Ubuntu, on a machine of that system.',
    );
  const suites = suitesOf(archive, codename);
  const address = addressOf(archive);
  const apt = path.join(mirror, 'apt');
  for (const one of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(path.join(apt, one), { recursive: true });
  writeFileSync(path.join(apt, 'status'), '');
  const keys = `/usr/share/keyrings/${id}-archive-keyring.gpg`;
  const sources = suites.map((one) => `deb [signed-by=${keys}] ${address} ${one} ${archive.parts}\n`);
  writeFileSync(path.join(apt, 'sources.list'), sources.join(''));
  const options = Object.entries({
    'Dir::Etc::SourceList': path.join(apt, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::State': path.join(apt, 'state'),
    // As if nothing were installed: what a server has already is in it, too.
    'Dir::State::status': path.join(apt, 'status'),
    'Dir::Cache': path.join(apt, 'cache'),
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const run = (...words: string[]) =>
    execFileSync('apt-get', ['-qq', ...options, ...words], { encoding: 'utf8', maxBuffer: 50_000_000 });
  const install = (how: string) =>
    run('install', '-y', '--no-install-recommends', how, ...packages.split(' '));
  run('update');
  // 'ADDRESS' FILE SIZE SUM, of those that are not there yet: all of them.
  const fetched = install('--print-uris').matchAll(/^'(\S+)' (\S+) /gm);
  install('--download-only');

  for (const [, from, file] of fetched)
    move(
      path.join(apt, 'cache/archives', file!),
      path.join(mirror, decodeURIComponent(from!.slice(address.length))),
    );
  for (const suite of suites)
    move(
      path.join(apt, 'state/lists', `${archive.host}_${archive.name}_dists_${suite}_InRelease`),
      path.join(mirror, 'dists', suite, 'InRelease'),
    );
  const lists = run('indextargets', '--format', '$(RELEASE) $(METAKEY) $(FILENAME)', 'Created-By: Packages');
  for (const [suite, name, file] of lists
    .trim()
    .split('\n')
    .map((line) => line.split(' '))) {
    const place = path.join(mirror, 'dists', suite!, name!);
    mkdirSync(path.dirname(place), { recursive: true });
    // However apt has packed it.
    const list = openSync(place, 'w');
    execFileSync('/usr/lib/apt/apt-helper', ['cat-file', file!], { stdio: ['ignore', list, 'inherit'] });
    closeSync(list);
  }
  writeFileSync(path.join(mirror, 'suites'), suites.map((suite) => `${suite} ${archive.parts}\n`).join(''));
  rmSync(apt, { recursive: true });
  return system;
}

function move(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  renameSync(from, to);
}

/** What the install scripts say of a server like this machine: its system, id and codename there, and its packages. */
function askScripts(): string[] {
  const question = `. "$0/system.sh"; . "$0/engine.sh"; read_system
    printf '%s\\n' "$system_id-$system_version" "$system_id" "$system_codename" "$(engine_packages)"`;
  return execFileSync('bash', ['-c', question, scripts], { encoding: 'utf8' }).trimEnd().split('\n');
}
