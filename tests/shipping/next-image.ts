import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ReleasedImage, ReleaseList } from '@horde/release';
import Docker from 'dockerode';
import { followed } from '../../tools/images/engine.ts';
import { fileOfContainer } from '../../tools/images/file-of-container.ts';
import { pushImage } from '../../tools/release/push.ts';

const docker = new Docker();

/** What a next image has that the one before has not. */
export interface Difference {
  /** Lines of a Dockerfile, after FROM. */
  recipe: string[];
  /** Puts files into the context that the recipe copies from. */
  fill?: (context: string) => Promise<unknown> | void;
}

/**
 * Pushes an image that is one of a release with something changed on top.
 *
 * @param repository of the image, `registry.example/horde/miner`
 */
async function pushNext(
  repository: string,
  { version, images }: Pick<ReleaseList, 'version' | 'images'>,
  { recipe, fill }: Difference,
): Promise<ReleasedImage> {
  const name = repository.split('/').at(-1)!;
  const before = images.find((image) => image.name === name)!;
  const context = mkdtempSync(path.join(tmpdir(), 'horde-next-'));
  const tag = `next-${randomBytes(4).toString('hex')}`;
  try {
    await fill?.(context);
    const label = `LABEL org.opencontainers.image.revision=${version}-${tag}`;
    writeFileSync(path.join(context, 'Dockerfile'), [`FROM ${before.id}`, ...recipe, label, ''].join('\n'));
    const t = `${repository}:${tag}`;
    await followed(docker, await docker.buildImage({ context, src: readdirSync(context) }, { t }));
    const digest = await pushImage(docker, t, repository, tag);
    return { ...before, digest, id: (await docker.getImage(t).inspect()).Id };
  } finally {
    rmSync(context, { recursive: true });
  }
}

/**
 * Pushes a next release of a service: its image as `difference` says, and a runner that starts it.
 *
 * @param prefix `registry.example/horde`
 * @returns the images of the release's list
 */
export async function pushNextRelease(
  prefix: string,
  service: string,
  release: Pick<ReleaseList, 'version' | 'images'>,
  difference: Difference,
): Promise<ReleasedImage[]> {
  const app = await pushNext(`${prefix}/${service}`, release, difference);
  const runner = release.images.find(({ name }) => name === `${service}-runner`)!;
  const listed = (await fileOf(runner.id, '/app/images'))
    .split('\n')
    .map((line) => (line.startsWith('app ') ? `app ${prefix}/${service} ${app.digest} ${app.id}` : line));
  const next = await pushNext(`${prefix}/${service}-runner`, release, {
    recipe: ['COPY images /app/images'],
    fill: (context) => writeFileSync(path.join(context, 'images'), listed.join('\n')),
  });
  return [app, next];
}

async function fileOf(image: string, file: string): Promise<string> {
  const container = await docker.createContainer({ Image: image, Entrypoint: ['none'] });
  try {
    return (await fileOfContainer(container, file))!.toString('utf8');
  } finally {
    await container.remove();
  }
}
