import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import { failures } from '../failures.ts';
import type { JobFolders } from '../runner.ts';
import { fromEngine } from './engine.ts';
import { checkedReference } from './image-reference.ts';

/** More volumes than this are no image's honest wish: the engine makes each of them for itself. */
const maxVolumes = 100;

/** Holds what a job writes to volumes of its image. */
export function imageVolumesFolder(folders: JobFolders): string {
  return path.join(folders.root, 'image-volumes');
}

/**
 * Volumes for the folders that an image declares as such, with their files in `imageVolumesFolder()`: the engine would
 * keep them where nobody measures how much a job writes. They begin with what the image has there, and are removed
 * with the container.
 *
 * @param taken paths in the container at which something else will be
 * @throws JobFailure when the image declares more than 100, or one in place of all of its files
 */
export async function imageVolumes(
  docker: Docker,
  image: string,
  folders: JobFolders,
  taken: string[],
): Promise<Docker.MountSettings[]> {
  const inspected = docker.getImage(checkedReference(image)).inspect();
  const { Config } = await fromEngine(inspected, 'describe the image');
  const declared = Object.keys((Config?.Volumes ?? {}) as object).map((target) =>
    path.posix.resolve('/', target),
  );
  if (declared.includes('/'))
    throw failures.IMAGE_NOT_STARTABLE(image, 'it declares a volume at /, where its own files are');
  const targets = [...new Set(declared)].filter((target) => !taken.includes(target));
  if (targets.length > maxVolumes)
    throw failures.IMAGE_NOT_STARTABLE(image, `it declares more than ${maxVolumes} volumes`);
  return Promise.all(
    targets.map(async (Target, index): Promise<Docker.MountSettings> => {
      const device = path.join(imageVolumesFolder(folders), String(index));
      await mkdir(device, { recursive: true });
      const Options = { type: 'none', o: 'bind', device };
      return {
        Type: 'volume',
        Source: '', // without a name it goes with its container
        Target,
        VolumeOptions: { NoCopy: false, Labels: {}, DriverConfig: { Name: 'local', Options } },
      };
    }),
  );
}
