import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { staticBusybox } from './busybox.ts';
import { throwOnError } from './images.ts';
import { ownContainer } from './own-container.ts';
import { tarball } from './tar.ts';

const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * An image with a busybox at /bin/busybox, for the small helpers of an executor: the executor's own image where it
 * runs in one, else an image of nothing but this machine's static busybox, loaded once per engine. Needs no network.
 *
 * @returns the image's id, or its name with its tag
 * @throws Error saying how to get a static busybox
 */
export async function toolsImage(docker: Docker): Promise<string> {
  const own = await ownContainer(docker);
  return own ? own.Image : busyboxImage(docker, await staticBusybox());
}

/** Loads under way, by engine and name: who asks meanwhile waits with the first. */
const loads = new WeakMap<Docker, Map<string, Promise<void>>>();

/** The image of this busybox alone, made on the engine where it is not there yet. @returns its name with its tag */
export async function busyboxImage(docker: Docker, busybox: Buffer): Promise<string> {
  const reference = `horde/tools:${sha256(busybox).slice(0, 12)}`;
  const underWay = loads.get(docker) ?? new Map<string, Promise<void>>();
  loads.set(docker, underWay);
  const load = underWay.get(reference) ?? loadIfMissing(docker, busybox, reference);
  underWay.set(reference, load);
  await load.finally(() => underWay.delete(reference));
  return reference;
}

async function loadIfMissing(docker: Docker, busybox: Buffer, reference: string): Promise<void> {
  const layer = layerWith(busybox);
  // Not by its name alone: a job's image may have been pulled under it.
  if ((await layersOf(docker, reference))?.join() === diffId(layer)) return;
  const events = await docker.loadImage(Readable.from(imageArchive(layer, reference)));
  await throwOnError(events as unknown as AsyncIterable<Buffer>);
}

/** What an image is made of; null: it is not there. */
async function layersOf(docker: Docker, reference: string): Promise<string[] | null> {
  try {
    return (await docker.getImage(reference).inspect()).RootFS.Layers ?? [];
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return null;
    throw error;
  }
}

const layerWith = (busybox: Buffer) =>
  tarball([
    { path: 'bin/', data: null },
    { path: 'bin/busybox', data: busybox },
    { path: 'tmp/', data: null, mode: 0o1777 },
  ]);

/**
 * What `docker load` reads. The same bytes for the same busybox, and so the same image id: processes that load it at
 * the same time make one image and leave no unnamed ones behind, as `docker import` would.
 */
function imageArchive(layer: Buffer, reference: string): Buffer {
  const config = json({
    architecture: architectures[process.arch],
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Entrypoint: ['/bin/busybox'] },
    rootfs: { type: 'layers', diff_ids: [diffId(layer)] },
  });
  const configName = `${sha256(config)}.json`;
  const manifest = json([{ Config: configName, RepoTags: [reference], Layers: ['layer.tar'] }]);
  return tarball([
    { path: 'manifest.json', data: manifest, mode: 0o644 },
    { path: configName, data: config, mode: 0o644 },
    { path: 'layer.tar', data: layer, mode: 0o644 },
  ]);
}

const diffId = (layer: Buffer) => `sha256:${sha256(layer)}`;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
