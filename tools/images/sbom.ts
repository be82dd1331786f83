import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { packageFolders } from '../licences.ts';
import { sha256 } from './sha256.ts';

/** A part of an image, as CycloneDX writes it. */
export interface Component {
  type: 'library' | 'application' | 'file' | 'container';
  'bom-ref'?: string;
  group?: string;
  name: string;
  version?: string;
  purl?: string;
  hashes?: { alg: 'SHA-256'; content: string }[];
  licenses?: ({ license: { id: string } | { name: string } } | { expression: string })[];
  components?: Component[];
}

export interface Bill {
  $schema: string;
  bomFormat: 'CycloneDX';
  specVersion: '1.6';
  version: 1;
  metadata: { component: Component };
  components: Component[];
}

/** What an image is made of. It names no moment: the same parts make the same bytes. */
export const billOf = (name: string, components: Component[], version?: string): Bill => ({
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: { component: { type: 'container', name, ...(version && { version }) } },
  components: [...new Map(components.map((one) => [keyOf(one), one])).values()].toSorted((one, other) =>
    compare(keyOf(one), keyOf(other)),
  ),
});

const keyOf = ({ purl, group, name, version }: Component): string => purl ?? `${group} ${name} ${version}`;
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** The npm packages that modules of a bundle are from. */
export function componentsOfModules(modules: readonly string[]): Component[] {
  const packages = packageFolders(modules).map((folder) => {
    const { name, version, license, licenses } = JSON.parse(
      readFileSync(path.join(folder, 'package.json'), 'utf8'),
    ) as Record<'name' | 'version', string> & {
      license?: string | { type: string };
      licenses?: { type: string }[];
    };
    const [group, own] = name.startsWith('@') ? (name.split('/') as [string, string]) : [null, name];
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    // Older packages write it in other forms.
    const named = typeof license === 'string' ? license : (license ?? licenses?.[0])?.type;
    const component: Component = {
      type: 'library',
      'bom-ref': purl,
      ...(group && { group }),
      name: own,
      version,
      purl,
      ...(named && { licenses: [licence(named)] }),
    };
    return [purl, component] as const;
  });
  return [...new Map(packages).values()];
}

const licence = (written: string) => {
  if (/^[\w.+-]+$/.test(written)) return { license: { id: written } };
  return / (OR|AND|WITH) /.test(written) ? { expression: written } : { license: { name: written } };
};

/**
 * Files of this machine by the package of its distribution that they are from; those of none by themselves.
 *
 * @param copied places in the image, and what is there
 */
export async function componentsOfMachine(copied: ReadonlyMap<string, string>): Promise<Component[]> {
  const distribution = distributionOf(readFileSync('/etc/os-release', 'utf8'));
  const components = new Map<string, Component>();
  for (const [place, from] of copied) {
    const file: Component = {
      type: 'file',
      name: place,
      hashes: [{ alg: 'SHA-256', content: await sha256(from) }],
    };
    const owner = ownerOf(from, distribution);
    if (owner === null) components.set(place, file);
    else {
      const known = components.get(owner.purl!) ?? { ...owner, components: [] };
      known.components!.push(file);
      components.set(owner.purl!, known);
    }
  }
  return [...components.values()];
}

const node = (): Component => nodeComponent(process.versions.node);

function nodeComponent(version: string): Component {
  const purl = `pkg:generic/node@${version}`;
  return { type: 'application', 'bom-ref': purl, name: 'node', version, purl, licenses: [licence('MIT')] };
}

/** What a file is of: Node, a package of npm, one of the distribution; null: none, or nobody knows. */
function ownerOf(file: string, distribution: string): Component | null {
  if (file === realpathSync(process.execPath)) return node();
  if (file.includes('/node_modules/')) return componentsOfModules([file])[0] ?? null;
  // Since /lib is a link to /usr/lib, a package may name its files either way.
  const real = realpathSync(file);
  for (const name of [file, real, file.replace(/^\/usr/, ''), real.replace(/^\/usr/, '')]) {
    const [, owner] = /^([^:,\s]+)/.exec(ask('dpkg-query', ['-S', name])) ?? [];
    if (!owner) continue;
    const [version = '', architecture = ''] = ask('dpkg-query', [
      '-W',
      '-f=${Version} ${Architecture}\n',
      owner,
    ])
      .split('\n')[0]!
      .split(' ');
    return debian(owner, version, architecture, distribution);
  }
  return null;
}

function ask(program: string, words: string[]): string {
  try {
    return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

function debian(name: string, version: string, architecture: string, distribution: string): Component {
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${distribution}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}

/** Of /etc/os-release: debian-12. */
export function distributionOf(osRelease: string): string {
  const value = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(osRelease)?.[1] ?? 'unknown';
  return `${value('ID')}-${value('VERSION_ID')}`;
}

/** All packages of a Debian system, as its /var/lib/dpkg/status lists them, and its Node. */
export function componentsOfDebian(
  status: string,
  distribution: string,
  nodeVersion: string | null,
): Component[] {
  const packages = status.split(/\n\n+/).flatMap((entry) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(entry)?.[1];
    const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
    if (!name || !version || !architecture || !field('Status')?.endsWith(' installed')) return [];
    return debian(name, version, architecture, distribution);
  });
  return nodeVersion === null ? packages : [...packages, nodeComponent(nodeVersion)];
}
