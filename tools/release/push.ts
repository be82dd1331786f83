import type Docker from 'dockerode';
import { registryLogin } from '../../libs/job-runner/src/docker/registry-login.ts';
import { followed } from '../images/engine.ts';

/**
 * Puts an image into a registry, with what `docker login` has left for it.
 *
 * @param image as the engine here names it
 * @param repository `registry.example/horde/miner`
 * @returns what the registry knows it by: `sha256:…`
 */
export async function pushImage(
  docker: Docker,
  image: string,
  repository: string,
  tag: string,
): Promise<string> {
  const login = await registryLogin(repository.split('/')[0]!);
  await docker.getImage(image).tag({ repo: repository, tag });
  const pushed = docker.getImage(`${repository}:${tag}`);
  await followed(docker, await pushed.push({ tag, authconfig: login ?? {} }));
  const { RepoDigests } = await pushed.inspect();
  const digest = RepoDigests.find((one) => one.startsWith(`${repository}@`))?.split('@')[1];
  if (digest === undefined) throw new Error(`${repository} has not said what it knows the image by.`);
  return digest;
}
