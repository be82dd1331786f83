import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { why } from '../wording.ts';

/** How this machine shows itself to a registry, as the engine takes it. A secret: never to be logged. */
export type RegistryLogin = {
  serveraddress: string;
  username?: string;
  password?: string;
  identitytoken?: string;
};

interface Entry {
  auth?: string;
  username?: string;
  password?: string;
  identitytoken?: string;
}

/**
 * What `docker login` has left in `config.json` for a registry, or null. Only what is in the file itself: programs
 * that keep logins elsewhere (`credsStore`, `credHelpers`) are not asked.
 *
 * @param folder holds config.json @default DOCKER_CONFIG, else ~/.docker
 * @param warn told of a file that is there and cannot be read: there are no logins then, as for the command docker
 */
export async function registryLogin(
  registry: string,
  folder = process.env['DOCKER_CONFIG'] || path.join(homedir(), '.docker'),
  warn: (sentence: string) => void = () => {},
): Promise<RegistryLogin | null> {
  const file = path.join(folder, 'config.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    warn(unusable(file, why(error)));
    return null;
  }
  const found = Object.entries(logins(text, file, warn)).find(
    ([address]) => hostOf(address) === hostOf(registry),
  );
  if (!found) return null;
  const [serveraddress, { auth, username, password, identitytoken }] = found;
  if (identitytoken) return { serveraddress, identitytoken };
  if (!auth) return username ? { serveraddress, username, password: password ?? '' } : null;
  const decoded = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  if (colon === -1) return null;
  return { serveraddress, username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

const unusable = (file: string, fact: string) =>
  `The logins at registries in ${file} cannot be read: ${fact}. Images are pulled without a login.`;

function logins(text: string, file: string, warn: (sentence: string) => void): Record<string, Entry> {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // Without the parser's own words: they may quote a secret.
    warn(unusable(file, text.trim() === '' ? 'it is empty' : 'it is not JSON'));
    return {};
  }
  const auths = (config as { auths?: Record<string, Entry | null> } | null)?.auths;
  if (typeof auths !== 'object' || auths === null) return {};
  return Object.fromEntries(
    Object.entries(auths).filter(
      (pair): pair is [string, Entry] => typeof pair[1] === 'object' && pair[1] !== null,
    ),
  );
}

/** Keys are hosts or URLs; Docker Hub's is `https://index.docker.io/v1/`. */
function hostOf(address: string): string {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
