import {
  createWriteStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { machineArchitecture, readReleaseList, type ReleasedImage } from '@horde/release';
import type Docker from 'dockerode';
import { fileOfContainer } from './file-of-container.ts';
import { makeEngineMirror } from './engine-mirror.ts';
import { sha256 } from './sha256.ts';

/**
 * Writes a bundle that an install script takes with `--offline`: the runner, the images that it lists and that are on this
 * engine, and Docker Compose as the runner has it. A tar, of which `list` comes first.
 *
 * @param runner the runner's image
 * @param release the file of the release list that names this runner: it goes along with its signature, and with the list of
 * keys beside it, where there is one
 * @param withEngine with Docker, for a server of this machine's system that has neither it nor a network
 * @param say gets a line for each image
 */
export async function writeBundle(
  docker: Docker,
  role: string,
  {
    runner,
    file,
    release,
    withEngine = false,
    say,
  }: { runner: string; file: string; release?: string; withEngine?: boolean; say: (line: string) => void },
): Promise<void> {
  const { Id } = await docker.getImage(runner).inspect();
  const signed = release === undefined ? {} : signedRelease(release, { role, id: Id });
  const folder = mkdtempSync(`${path.resolve(file)}.new-`);
  try {
    const listed = (await fileOf(docker, Id, '/app/images'))?.toString('utf8') ?? '';
    const names = [await nameOf(docker, Id)];
    for (const line of listed.split('\n').filter((one) => one !== '')) {
      const [name, repository, , id = '-'] = line.split(' ');
      const found = id === '-' ? null : await nameOf(docker, id).catch(() => null);
      if (found === null) say(`${name}: ${repository} is not on this engine, and not in the bundle.`);
      else names.push(found);
    }
    for (const name of names) say(name);
    const files = ['images.tar.gz'];
    await pipeline(
      await saved(docker, names),
      createGzip({ level: 3 }),
      createWriteStream(path.join(folder, 'images.tar.gz')),
    );
    const compose = await fileOf(docker, Id, '/usr/local/bin/docker-compose');
    if (compose) {
      writeFileSync(path.join(folder, 'docker-compose'), compose);
      files.push('docker-compose');
    }
    for (const [name, text] of Object.entries(signed)) {
      writeFileSync(path.join(folder, name), text);
      files.push(name);
    }
    const facts = ['horde-bundle 1', `role ${role}`, `architecture ${machineArchitecture}`, `runner ${Id}`];
    if (withEngine) {
      const system = makeEngineMirror(path.join(folder, 'engine'));
      say(`Docker for ${system}`);
      facts.push(`engine ${system}`);
      execFileSync('tar', [
        '-c',
        '-z',
        '-f',
        path.join(folder, 'engine.tar.gz'),
        '-C',
        path.join(folder, 'engine'),
        '.',
      ]);
      files.push('engine.tar.gz');
    }
    const sums = await Promise.all(
      files.map(async (one) => `file ${one} sha256:${await sha256(path.join(folder, one))}`),
    );
    writeFileSync(path.join(folder, 'list'), `${[...facts, ...sums].join('\n')}\n`);
    execFileSync('tar', ['-c', '-f', path.join(folder, 'bundle'), '-C', folder, 'list', ...files]);
    renameSync(path.join(folder, 'bundle'), file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A release list and what belongs to it, by what it is called in a bundle.
 *
 * @throws Error where it does not name this runner, or has no signature
 */
function signedRelease(list: string, { role, id }: { role: string; id: string }): Record<string, Buffer> {
  const { images } = readReleaseList(readFileSync(list, 'utf8'));
  const isIt = (one: ReleasedImage) =>
    one.name === `${role}-runner` && one.architecture === machineArchitecture && one.id === id;
  if (!images.some(isIt)) throw new Error(`${list} does not name this runner, ${id}.`);
  const keys = path.join(path.dirname(list), 'keys');
  const beside = existsSync(keys) ? { keys, 'keys.sig': `${keys}.sig` } : {};
  const all = { release: list, 'release.sig': `${list}.sig`, ...beside };
  return Object.fromEntries(Object.entries(all).map(([name, file]) => [name, readFileSync(file)]));
}

/** What an image is saved as, so that it has its name where it is loaded. */
async function nameOf(docker: Docker, id: string): Promise<string> {
  const { Id, RepoTags } = await docker.getImage(id).inspect();
  return RepoTags?.[0] ?? Id;
}

/** Several images in one archive, in which what they share is once. */
function saved(docker: Docker, names: string[]): Promise<NodeJS.ReadableStream> {
  // The client cuts off what is last in a path that ends like this one.
  const query = names.map((name) => `names=${encodeURIComponent(name)}&`).join('');
  return new Promise((resolve, reject) =>
    docker.modem.dial(
      { path: `/images/get?${query}`, method: 'GET', isStream: true, statusCodes: { 200: true } },
      (error, stream) => (error ? reject(error) : resolve(stream as NodeJS.ReadableStream)),
    ),
  );
}

/** A file of an image. @returns null where there is none */
async function fileOf(docker: Docker, image: string, file: string): Promise<Buffer | null> {
  const container = await docker.createContainer({ Image: image, Entrypoint: ['none'] });
  try {
    return await fileOfContainer(container, file);
  } finally {
    await container.remove();
  }
}
