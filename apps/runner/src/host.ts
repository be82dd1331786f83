import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ownContainer } from '@horde/job-runner';
import { loadSettings } from '@horde/settings';
import Docker from 'dockerode';
import { readEnvFile } from './env-file.ts';
import { findImage, listedImages } from './images.ts';
import { planOf, type Plan } from './plan.ts';
import { homeFolder } from './project.ts';
import type { Catalogue } from './read-variables.ts';
import type { Role } from './roles.ts';
import { say } from './say.ts';
import { RunnerSettings } from './settings.ts';

const socket = '/var/run/docker.sock';

/** The engine, and the container that this process is. */
export interface Host {
  docker: Docker;
  own: Docker.ContainerInspectInfo;
  role: Role;
}

export async function thisHost(role: Role): Promise<Host> {
  const docker = new Docker({ socketPath: socket });
  const own = await ownContainer(docker);
  if (!own) throw new Error(`The engine behind ${socket} does not know this container.`);
  return { docker, own, role };
}

/** What `.env` says now. */
export interface Wanted {
  plan: Plan;
  settings: RunnerSettings;
  variables: Record<string, string>;
  catalogue: Catalogue;
}

/**
 * @param mounted the mounts of the runner's container, which may be where the wallets are
 * @param variables those of `.env`, where another one is meant than what this container sees
 * @throws SettingsError
 */
export async function readWanted(
  { role, own }: Host,
  mounted = own.Mounts,
  variables?: Record<string, string>,
): Promise<Wanted> {
  const catalogue = JSON.parse(await readFile(path.join(homeFolder, 'settings.json'), 'utf8')) as Catalogue;
  const wallets = mounted.find(({ Destination }) => Destination === '/root/.bittensor/wallets');
  const read = variables ?? (await readEnvFile(role.envFile));
  return {
    plan: planOf(role, read, catalogue, wallets?.Source ?? null),
    settings: loadSettings(RunnerSettings, read).settings,
    variables: read,
    catalogue,
  };
}

/**
 * What the compose file needs to know of this engine: where its socket is, and the images, of which those that are not here
 * are fetched.
 *
 * @param tell is told what is fetched
 * @throws NoImage
 */
export async function filledIn(
  host: Host,
  { devnet, ownPylon }: Plan,
  tell = say,
): Promise<Record<string, string>> {
  const filled: Record<string, string> = {};
  for (const image of await listedImages(path.join(homeFolder, 'images'))) {
    const needed = { pylon: ownPylon && !devnet, devnet: ownPylon && devnet }[image.name] ?? true;
    // The file has to be whole, also for what is not started.
    const { reference, labels } = needed
      ? await findImage(host.docker, image, tell)
      : { reference: 'none', labels: {} };
    filled[`${image.name.toUpperCase()}_IMAGE`] = reference;
    if (image.name === 'app') filled['APP_VERSION'] = versionOf(labels);
  }
  return { ...filled, ...(await ofEngine(host)) };
}

/** As `filledIn`, for a project of which nothing but `prepare` is run. */
export async function filledForPrepare(host: Host): Promise<Record<string, string>> {
  const images = await listedImages(path.join(homeFolder, 'images'));
  const none = images.map(({ name }) => [`${name.toUpperCase()}_IMAGE`, 'none']);
  return { ...Object.fromEntries(none), APP_VERSION: '', ...(await ofEngine(host)) };
}

async function ofEngine({ own }: Host): Promise<Record<string, string>> {
  return {
    RUNNER_IMAGE: own.Image,
    RUNNER_VERSION: versionOf(own.Config.Labels),
    DOCKER_SOCKET: socketSource(own),
    SOCKET_GROUP: String((await stat(socket)).gid),
  };
}

/** Where the engine's socket is on the host. */
export const socketSource = ({ Mounts }: Pick<Docker.ContainerInspectInfo, 'Mounts'>): string =>
  Mounts.find(({ Destination }) => Destination === socket)?.Source ?? socket;

const versionOf = (labels: Record<string, string>): string =>
  labels['org.opencontainers.image.revision']?.slice(0, 12) ?? 'unknown';
