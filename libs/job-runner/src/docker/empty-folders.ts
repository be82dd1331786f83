import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import { ownerLabels } from './owner.ts';
import { toolsImage } from './tools-image.ts';

/** How long emptying may take, in milliseconds. */
const emptyLimit = 300_000;

/**
 * Empties every folder under /job. Busybox walks by paths, so what is nested deeper than a path reaches is first
 * brought up: 14 names of 255 bytes, and where they start, fit into the 4096 bytes of a path.
 */
const emptyScript = `
b=/bin/busybox
empty() {
  cd "$1" || return 1
  $b find . -mindepth 1 -maxdepth 1 -print0 | $b xargs -0 -r $b rm -rf -- 2>/dev/null
  while :; do
    left=
    for entry in ./* ./.[!.]* ./..?*; do
      [ -e "$entry" ] || [ -L "$entry" ] || continue
      left=1
      $b find "$entry" -mindepth 14 -maxdepth 14 -type d -exec $b sh -c '$0 mv -- "$1" ./deep-$$' $b {} ';'
      $b rm -rf -- "$entry" || return 1
    done
    [ "$left" ] || return 0
  done
}
for folder in /job/*; do (empty "$folder") || exit 1; done
`;

/**
 * Removes what is inside of folders of this machine by a container whose root may remove everybody's files. Folders
 * that are not there are passed over; nothing is followed or touched outside of them.
 *
 * @throws Error when something remains
 */
export async function emptyFolders(docker: Docker, folders: string[], limit = emptyLimit): Promise<void> {
  const there: string[] = [];
  for (const folder of folders) if (await isFolder(folder)) there.push(folder);
  if (there.length === 0) return;
  const Mounts: Docker.MountSettings[] = there.map((Source) => ({
    Type: 'bind',
    Source,
    Target: `/job/${path.basename(Source)}`,
  }));
  const container = await docker.createContainer({
    Image: await toolsImage(docker),
    Entrypoint: ['/bin/busybox'],
    Cmd: ['sh', '-c', emptyScript],
    User: '0:0',
    WorkingDir: '/',
    Labels: await ownerLabels('cleaning', { docker }),
    HostConfig: {
      Mounts,
      NetworkMode: 'none',
      LogConfig: { Type: 'none', Config: {} },
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: ['DAC_OVERRIDE', 'FOWNER'],
    },
  });
  try {
    await container.start();
    const status = await exitCode(container, limit);
    if (status !== 0) throw new Error(`the container that removes them ended with ${status}`);
  } finally {
    await container.remove({ force: true, v: true }).catch(() => {});
  }
}

async function exitCode(container: Docker.Container, limit: number): Promise<number> {
  const abortSignal = AbortSignal.timeout(limit);
  try {
    return ((await container.wait({ abortSignal })) as { StatusCode: number }).StatusCode;
  } catch (error) {
    throw abortSignal.aborted
      ? new Error(`the container that removes them was not done within ${limit / 1000} s`)
      : error;
  }
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await lstat(folder)).isDirectory();
  } catch {
    return false;
  }
}
