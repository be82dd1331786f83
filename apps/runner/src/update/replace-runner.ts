import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { orNull, unlessSo } from '../engine.ts';

/** There is no runner's container to put another one in the place of: somebody has removed it. */
export class NoRunner extends Error {
  override readonly name = 'NoRunner';
}

/** What is behind a runner's name while it is to take another one's place. */
const nextEnd = '-next';

/**
 * Puts a runner of another image in the place of the one that is there, with all that Compose has given that: there and back.
 * It may be ended at any moment, and called again. At every moment there is a runner that lives, which looks after this; of two
 * containers for one service Compose would remove one, so that there are two only until the old one has ended.
 *
 * @param image its id
 * @throws NoRunner
 */
export async function replaceRunner(docker: Docker, name: string, image: string): Promise<void> {
  const runner = docker.getContainer(name);
  const next = docker.getContainer(`${name}${nextEnd}`);
  let running = await runner.inspect().catch(orNull);
  if (!running) {
    if (!(await next.inspect().catch(orNull)))
      throw new NoRunner(`There is no container ${name}: docker compose up -d makes it.`);
    await next.rename({ name });
    running = await runner.inspect();
  }
  if (running.Image !== image) {
    const waiting = await next.inspect().catch(orNull);
    if (waiting?.Image !== image || !waiting.State.Running) {
      await next.remove({ force: true }).catch(orNull);
      await create(docker, `${name}${nextEnd}`, running, image);
      await next.start();
    }
    await runner.stop({ t: 10 }).catch(unlessSo);
    await runner.remove({ force: true });
    await next.rename({ name });
  }
  await next.remove({ force: true }).catch(orNull);
  await runner.start().catch(unlessSo);
}

/** Has a runner that is to take another one's place wait until that has ended. @param meanwhile is done again and again */
export async function awaitTurn(
  docker: Docker,
  { Id, Name }: Pick<Docker.ContainerInspectInfo, 'Id' | 'Name'>,
  meanwhile: () => Promise<void>,
): Promise<void> {
  if (!Name.endsWith(nextEnd)) return;
  const other = docker.getContainer(Name.slice(1, -nextEnd.length));
  for (; ; await sleep(200)) {
    const found = await other.inspect().catch(orNull);
    if (!found?.State.Running || found.Id === Id) return;
    await meanwhile();
  }
}

async function create(
  docker: Docker,
  name: string,
  running: Docker.ContainerInspectInfo,
  image: string,
): Promise<void> {
  const old = await docker.getImage(running.Image).inspect().catch(orNull);
  const { networks, ...options } = carriedOver(running, old?.Config ?? {}, image);
  const [[first, settings] = [], ...others] = Object.entries(networks);
  const made = await docker.createContainer({
    ...options,
    name,
    ...(first !== undefined && { NetworkingConfig: { EndpointsConfig: { [first]: settings! } } }),
  });
  // Older engines take one network at the making.
  for (const [network, EndpointConfig] of others)
    await docker.getNetwork(network).connect({ Container: made.id, EndpointConfig });
}

type ImageConfig = Partial<
  Pick<Docker.ImageInspectInfo['Config'], 'Env' | 'Labels' | 'Cmd' | 'Entrypoint'>
> & {
  User?: string;
  WorkingDir?: string;
};

/**
 * What a container has that it was given, without what it has of its image: that comes from the other image.
 *
 * @returns what it is made with, and its networks
 */
export function carriedOver(
  {
    Id,
    Config,
    HostConfig,
    NetworkSettings,
  }: Pick<Docker.ContainerInspectInfo, 'Id' | 'Config' | 'HostConfig' | 'NetworkSettings'>,
  old: ImageConfig,
  image: string,
): Docker.ContainerCreateOptions & { networks: Record<string, Docker.EndpointSettings> } {
  const short = Id.slice(0, 12);
  const ofImage = new Set(old.Env ?? []);
  const labels = Object.entries(Config.Labels).filter(([label, value]) => old.Labels?.[label] !== value);
  const given = <T>(value: T, usual: unknown): T | undefined =>
    JSON.stringify(value ?? null) === JSON.stringify(usual ?? null) ? undefined : value;
  // Compose compares it with the image that its file names.
  const composeImage = 'com.docker.compose.image';
  const networks = Object.entries(NetworkSettings.Networks ?? {}).map(([network, one]) => [
    network,
    { Aliases: one.Aliases?.filter((alias: string) => alias !== short), IPAMConfig: one.IPAMConfig },
  ]);
  return {
    Image: image,
    ...(Config.Hostname !== short && { Hostname: Config.Hostname }),
    Env: Config.Env.filter((variable) => !ofImage.has(variable)),
    Labels: {
      ...Object.fromEntries(labels),
      ...(composeImage in Config.Labels && { [composeImage]: image }),
    },
    Cmd: given(Config.Cmd, old.Cmd),
    Entrypoint: given(Config.Entrypoint, old.Entrypoint) as string[] | undefined,
    User: given(Config.User, old.User ?? ''),
    WorkingDir: given(Config.WorkingDir, old.WorkingDir ?? ''),
    Tty: Config.Tty,
    OpenStdin: Config.OpenStdin,
    HostConfig,
    networks: Object.fromEntries(networks) as Record<string, Docker.EndpointSettings>,
  };
}
