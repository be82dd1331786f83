import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { machineArchitecture } from '@horde/release';
import type Docker from 'dockerode';
import { runnerCatalogue } from '../settings/runner-catalogue.ts';
import { fetchImage, isThere } from './engine.ts';
import { pinnedCompose } from './pinned-compose.ts';
import { componentsOfDebian, type Component } from './sbom.ts';

/** Where a runner that is shipped finds its images, and newer ones. */
export interface Shipped {
  /** What ours are called in the registry, before their names: `registry.example/prefix`. */
  repositories: string;
  /** A file such as envs/release.env. */
  releaseFile: string;
}

/**
 * Puts beside a runner's recipe what it needs of this machine: Compose, which variables the services read, which images
 * they are started from, by digest and id, and where releases come from.
 *
 * @param shipped without it the images are those of this engine alone, and envs/release.env says where newer ones are
 * @returns what that adds to the bill of the image
 * @throws Error where an image that is built here is not there
 */
export async function addRunnerParts(
  docker: Docker,
  context: string,
  shipped: Shipped | null,
): Promise<{ components: Component[]; licences: string }> {
  const { folder, version } = pinnedCompose();
  cpSync(path.join(folder, 'docker-compose'), path.join(context, 'docker-compose'));
  writeFileSync(path.join(context, 'settings.json'), `${JSON.stringify(runnerCatalogue(), null, 1)}\n`);
  const list = path.join(context, 'images');
  writeFileSync(list, await withDigests(docker, readFileSync(list, 'utf8'), shipped?.repositories ?? null));
  cpSync(
    shipped?.releaseFile ?? path.resolve(import.meta.dirname, '../../envs/release.env'),
    path.join(context, 'release.env'),
  );
  const status = `Package: docker-compose\nStatus: install ok installed\nArchitecture: ${machineArchitecture}\nVersion: ${version}\n`;
  return {
    components: componentsOfDebian(status, 'debian-13', null),
    licences: `\ndocker-compose ${version}\n\n${readFileSync(path.join(folder, 'copyright'), 'utf8')}`,
  };
}

const withoutTag = (image: string): string => image.replace(/:[^:/]*$/, '');

/** Of lines `NAME IMAGE:TAG`, lines `NAME REPOSITORY DIGEST ID`, with `-` for what nobody here knows. */
async function withDigests(docker: Docker, list: string, repositories: string | null): Promise<string> {
  const lines: string[] = [];
  for (const line of list.trim().split('\n')) {
    const [name = '', image = ''] = line.split(' ');
    const here = withoutTag(image);
    const isOurs = here.startsWith('horde/');
    const repository = isOurs && repositories !== null ? here.replace('horde', repositories) : here;
    if (isOurs ? await isThere(docker, image) : (await fetchImage(docker, image)) === null) {
      const { Id } = await docker.getImage(image).inspect();
      const digest = (await digestOf(docker, image, repository)) ?? '-';
      lines.push(`${name} ${repository} ${digest} ${Id}\n`);
    } else if (isOurs)
      throw new Error(
        `There is no image ${image} yet, which it starts: ./horde image all makes all of them.`,
      );
    else lines.push(`${name} ${repository} - -\n`);
  }
  return lines.join('');
}

/** What a registry knows an image by that is on this engine; null: it was made here, and none knows it. */
async function digestOf(docker: Docker, image: string, repository: string): Promise<string | null> {
  const { RepoDigests } = await docker.getImage(image).inspect();
  return RepoDigests.find((one) => one.startsWith(`${repository}@`))?.split('@')[1] ?? null;
}

/** Images of others that runners start, and that no install could fetch as they are here: stand-ins, or not to be had. */
export async function othersWithoutDigest(docker: Docker): Promise<string[]> {
  const files = globSync('envs/*/runner/images', { cwd: path.resolve(import.meta.dirname, '../..') });
  const lines = files.flatMap((file) =>
    readFileSync(path.resolve(import.meta.dirname, '../..', file), 'utf8')
      .trim()
      .split('\n'),
  );
  const others = new Set(
    lines.map((line) => line.split(' ')[1]!).filter((image) => !image.startsWith('horde/')),
  );
  const lacking: string[] = [];
  for (const image of others) {
    const isHere = (await fetchImage(docker, image)) === null;
    if (!isHere || (await digestOf(docker, image, withoutTag(image))) === null) lacking.push(image);
  }
  return lacking.toSorted();
}
