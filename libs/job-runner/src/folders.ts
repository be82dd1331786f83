import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, opendir, rmdir, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { emptyFolders } from './docker/empty-folders.ts';
import { imageVolumesFolder } from './docker/image-volumes.ts';
import { processOwner } from './docker/owner.ts';
import type { JobFolders } from './runner.ts';
import { failures } from './failures.ts';
import { why } from './wording.ts';

/** How the names of all jobs' root folders start. */
export const rootPrefix = 'horde-job-';
/** A file in a job's root folder, out of the job's sight, that names who the folder belongs to. */
export const ownerFile = 'owner';
/** Up to so many files and folders are removed without a process of its own. */
const maxRemovedHere = 500;

/**
 * Makes the fresh folders of one job under `base` (made if missing). The root can be entered by this user alone; the
 * folders inside are open to every user, as a container may run as any.
 *
 * @param name part of the root's name, for people: the job's uuid
 * @param owner whose folders they are, `ownerOn(docker)` where there is an engine: once it is gone, anybody's
 *   `removeLeftovers` removes them
 * @throws Error with a sentence: the machine's trouble
 */
export async function makeJobFolders(
  base: string,
  name: string,
  owner: string = processOwner(),
): Promise<JobFolders> {
  let root: string | undefined;
  try {
    await mkdir(base, { recursive: true });
    root = await mkdtemp(path.join(base, `${rootPrefix}${name.replace(/[^\w.-]/g, '_')}-`));
    await writeFile(path.join(root, ownerFile), owner);
    const folders = jobFoldersIn(root);
    for (const folder of [folders.volume, folders.output, folders.artifacts]) {
      await mkdir(folder);
      await chmod(folder, 0o777); // mkdir's mode is cut by the umask
    }
    return folders;
  } catch (error) {
    if (root) await removeAll(root);
    throw failures.JOB_FOLDERS_NOT_MADE(base, why(error)).because(error);
  }
}

/** Where a job's folders are inside of its root folder. */
export function jobFoldersIn(root: string): JobFolders {
  const inside = (folder: string) => path.join(root, folder);
  return { root, volume: inside('volume'), output: inside('output'), artifacts: inside('artifacts') };
}

/**
 * Removes a job's folders and all that the job left in them; a second call finds nothing to do. Nothing may run any
 * more that can write there.
 *
 * @param docker the engine that the job ran on: an executor that is not root needs it for what a container's root
 *   left, which a container then removes
 * @throws Error saying what remains, and what to do
 */
export async function removeJobFolders(folders: JobFolders, docker?: Docker): Promise<void> {
  const { root } = folders;
  if (await removeFew(root, { left: maxRemovedHere }).catch(() => false)) return;
  if (await removeAll(root)) return;
  let trouble = 'the container left files of another user there';
  if (docker) {
    try {
      await emptyFolders(docker, [
        folders.volume,
        folders.output,
        folders.artifacts,
        imageVolumesFolder(folders),
      ]);
      if (await removeAll(root)) return;
    } catch (error) {
      trouble += `, and they could not be removed by a container either (${why(error)})`;
    }
  }
  throw new Error(
    `The job's folder ${root} could not be removed: ${trouble}. ` +
      `Remove it as root, or run the executor as root.`,
  );
}

/** @returns whether all is gone; false, with the rest still there, when it is more than a few */
async function removeFew(folder: string, few: { left: number }): Promise<boolean> {
  let entries;
  try {
    entries = await opendir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  for await (const entry of entries) {
    if (few.left-- === 0) return false;
    const inside = path.join(folder, entry.name);
    if (!entry.isDirectory()) await unlink(inside);
    else if (!(await removeFew(inside, few))) return false;
  }
  await rmdir(folder);
  return true;
}

/**
 * By rm(1): Node's own takes 2 KB of memory for each file, and a job can nest folders deeper than any path reaches,
 * where rm walks down without paths.
 */
async function removeAll(folder: string): Promise<boolean> {
  const run = promisify(execFile);
  try {
    await run('rm', ['-rf', '--', folder]);
  } catch {
    // A job that ran as this very user may have closed its own folders.
    await run('chmod', ['-R', 'u+rwX', '--', folder]).catch(() => {});
    await run('rm', ['-rf', '--', folder]).catch(() => {});
  }
  return lstat(folder).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}
