import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import type { JobFolders } from './runner.ts';

/**
 * Makes the fresh folders of one job under `base` (made if missing). The root can be entered by this user alone; the
 * folders inside are open to every user, as a container may run as any.
 *
 * @param name start of the root's name, for people: the job's uuid
 */
export async function makeJobFolders(base: string, name: string): Promise<JobFolders> {
  await mkdir(base, { recursive: true });
  const root = await mkdtemp(path.join(base, `${name.replace(/[^\w.-]/g, '_')}-`));
  const inside = (folder: string) => path.join(root, folder);
  const folders = {
    root,
    volume: inside('volume'),
    output: inside('output'),
    artifacts: inside('artifacts'),
  };
  for (const folder of [folders.volume, folders.output, folders.artifacts]) {
    await mkdir(folder);
    await chmod(folder, 0o777); // mkdir's mode is cut by the umask
  }
  return folders;
}

/**
 * Removes a job's folders and all that the job left in them; a second call finds nothing to do.
 *
 * @throws Error with a sentence when files of another user remain: a container's root writes files that only root can
 *   remove, so an executor that is not root cannot clean after such a job
 */
export async function removeJobFolders(folders: JobFolders): Promise<void> {
  try {
    await rm(folders.root, { recursive: true, force: true });
  } catch {
    // A job can nest folders deeper than any path reaches; rm(1) walks down without paths.
    await promisify(execFile)('rm', ['-rf', '--', folders.root]).catch(() => {
      throw new Error(
        `The job's folder ${folders.root} could not be removed: the container left files of another user there. ` +
          `Remove it as root, or run the executor as root.`,
      );
    });
  }
}
