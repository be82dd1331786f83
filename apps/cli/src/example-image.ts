import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { staticBusybox, throwOnError } from '@horde/job-runner';
import type Docker from 'dockerode';
import { root } from './paths.ts';
import { row } from './row.ts';

/** What the image is made of, by its place in the build's context. */
type Context = Record<'Dockerfile' | 'word-count' | 'bin/busybox', Buffer>;

/**
 * The image of the demo's job, built without a network where it is not there yet: an empty image with this machine's
 * busybox and the script of examples/word-count. Its tag is a hash of what goes in, so a change makes a new image.
 *
 * @param log gets a line where something is built
 * @param work holds the build's context, for a moment
 * @returns the image's name with its tag
 * @throws Error when this machine has no static busybox, or the engine cannot build
 */
export async function ensureWordCountImage(
  docker: Docker,
  log: (line: string) => void,
  work = tmpdir(),
  sources = path.join(root, 'examples/word-count'),
): Promise<string> {
  const context: Context = {
    Dockerfile: await readFile(path.join(sources, 'Dockerfile')),
    'word-count': await readFile(path.join(sources, 'word-count.sh')),
    'bin/busybox': await staticBusybox(),
  };
  const tag = `horde/word-count:${hashOf(context)}`;
  if (await isPresent(docker, tag)) return tag;
  log(row('image', `building ${tag} with this machine's busybox`));
  await build(docker, tag, context, work);
  if (!(await isPresent(docker, tag)))
    throw new Error(`The engine built the image ${tag} and does not know it.`);
  return tag;
}

/** Builds the image as above, and gives it a name that can be typed. @returns that name */
export async function nameExampleImage(docker: Docker): Promise<string> {
  const tag = await ensureWordCountImage(docker, () => undefined);
  const [repo] = tag.split(':') as [string];
  await docker.getImage(tag).tag({ repo, tag: 'latest' });
  return repo;
}

function hashOf(context: Context): string {
  const hash = createHash('sha256');
  for (const [name, contents] of Object.entries(context))
    hash.update(`${name} ${contents.length}\n`).update(contents);
  return hash.digest('hex').slice(0, 12);
}

async function isPresent(docker: Docker, tag: string): Promise<boolean> {
  try {
    await docker.getImage(tag).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

async function build(docker: Docker, tag: string, context: Context, work: string): Promise<void> {
  await mkdir(work, { recursive: true, mode: 0o711 });
  const folder = await mkdtemp(path.join(work, 'image-'));
  try {
    await mkdir(path.join(folder, 'bin'));
    for (const [name, contents] of Object.entries(context)) {
      await writeFile(path.join(folder, name), contents);
      await chmod(path.join(folder, name), 0o755); // whatever the umask is: a job may run as any user
    }
    await chmod(path.join(folder, 'bin'), 0o755);
    await symlink('busybox', path.join(folder, 'bin/sh'));
    const events = await docker.buildImage(
      { context: folder, src: ['Dockerfile', 'word-count', 'bin'] },
      { t: tag },
    );
    await throwOnError(events as AsyncIterable<Buffer>);
  } finally {
    await rm(folder, { recursive: true });
  }
}
