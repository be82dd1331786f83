import { lstat, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import { jobFoldersIn, ownerFile, removeJobFolders, rootPrefix } from '../folders.ts';
import { engineSays } from './engine-says.ts';
import { ownerOn, ownerState } from './owner.ts';

export interface LeftoverOptions {
  /** Where `makeJobFolders` makes the folders of jobs. */
  folderBase: string;
  /** Told of each thing that was removed, and of each that could not be. */
  log: (sentence: string) => void;
}

/** How long another's removal of a container is waited for, in milliseconds. */
const removalLimit = 30_000;

interface Thing {
  /** For people. */
  name: string;
  owner: string;
  /** @returns whether this call removed it: false when another did */
  remove: () => Promise<boolean>;
}

/**
 * Removes what executors that no longer run have left: their containers and networks on this engine and their folders
 * in `folderBase`. What is not labelled by an executor, has a living owner, or one that cannot be told to be dead from
 * here, is not touched. Any number of executors may do this at the same time. Costs one list of containers, one of
 * networks and one of folders where nothing is left. Never throws: trouble is logged.
 */
export async function removeLeftovers(docker: Docker, { folderBase, log }: LeftoverOptions): Promise<void> {
  const told = async <T>(what: string, work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      log(`${what}: ${engineSays(error)}`);
      return null;
    }
  };
  const owners = new Map<string, Promise<string>>();
  const isDead = async ({ owner, name }: Thing) => {
    if (!owners.has(owner)) owners.set(owner, ownerState(docker, owner));
    return (await told(`It cannot be told whether ${name} is still used`, owners.get(owner)!)) === 'dead';
  };
  /** Owners of what could not be removed. */
  const kept = new Set<string>();
  const sweep = (things: Thing[] | null) =>
    Promise.all(
      (things ?? []).map(async (thing) => {
        if (kept.has(thing.owner) || !(await isDead(thing))) return;
        const removed = await told(
          `${thing.name}, left by an executor, could not be removed`,
          thing.remove(),
        );
        if (removed === null) kept.add(thing.owner);
        if (removed) log(`${thing.name} was left by an executor that no longer runs, and is removed.`);
      }),
    );

  const cannotLook = 'Leftovers of earlier executors cannot be looked for';
  const [containers, networks, folders] = await Promise.all([
    told(cannotLook, labelledContainers(docker)),
    told(cannotLook, labelledNetworks(docker)),
    told(cannotLook, ownedFolders(docker, folderBase)),
  ]);
  await sweep(containers);
  await sweep(networks);
  // A container that still runs may write to its job's folders.
  if (containers) await sweep(folders);
}

const filters = { label: ['horde.owner'] };

async function labelledContainers(docker: Docker): Promise<Thing[]> {
  const all = await docker.listContainers({ all: true, filters });
  return all.map(({ Id, Names, Labels }) => ({
    name: `The container ${Names[0]?.slice(1) ?? Id}`,
    owner: Labels['horde.owner']!,
    remove: () => removeContainer(docker.getContainer(Id)),
  }));
}

async function labelledNetworks(docker: Docker): Promise<Thing[]> {
  const all = await docker.listNetworks({ filters });
  return all.map(({ Id, Name, Labels }) => ({
    name: `The network ${Name}`,
    owner: Labels!['horde.owner']!,
    remove: () => removeNetwork(docker.getNetwork(Id)),
  }));
}

/** The job folders that this very user made: those of another user are not trusted to be what they seem. */
async function ownedFolders(docker: Docker, base: string): Promise<Thing[]> {
  const names = await readdir(base).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const things = names
    .filter((name) => name.startsWith(rootPrefix))
    .map(async (name): Promise<Thing | null> => {
      const root = path.join(base, name);
      const owner = await ownerOf(root);
      return owner === null
        ? null
        : { name: `The folder ${root}`, owner, remove: () => removeRoot(docker, root) };
    });
  return (await Promise.all(things)).filter((thing) => thing !== null);
}

async function ownerOf(root: string): Promise<string | null> {
  try {
    const { uid, mode } = await lstat(root);
    const ownDirectory = uid === process.getuid?.() && (mode & 0o170077) === 0o40000;
    return ownDirectory ? await readFile(path.join(root, ownerFile), 'utf8') : null;
  } catch {
    return null; // gone meanwhile, or not yet or no longer a job's folder
  }
}

async function removeContainer(container: Docker.Container): Promise<boolean> {
  try {
    await container.remove({ force: true, v: true });
    return true;
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === 404) return false;
    if (statusCode !== 409) throw error;
    // Another is removing it; its network and folders can be removed after that only.
    const abortSignal = AbortSignal.timeout(removalLimit);
    await container.wait({ condition: 'removed', abortSignal }).catch((gone: { statusCode?: number }) => {
      if (gone.statusCode !== 404) throw gone;
    });
    return false;
  }
}

async function removeNetwork(network: Docker.Network): Promise<boolean> {
  try {
    await network.remove();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** Under a new name it is this process's: of many who find the same folder one alone removes it. */
async function removeRoot(docker: Docker, root: string): Promise<boolean> {
  const taken = `${root}.${process.pid}`;
  try {
    await rename(root, taken);
    await writeFile(path.join(taken, ownerFile), await ownerOn(docker));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  await removeJobFolders(jobFoldersIn(taken), docker);
  return true;
}
