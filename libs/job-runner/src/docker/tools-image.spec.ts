import { randomUUID } from 'node:crypto';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeTestImage } from '@horde/testing/test-image';
import { staticBusybox } from './busybox.ts';
import { busyboxImage, toolsImage } from './tools-image.ts';

const docker = new Docker();

/** A busybox that makes an image of its own: what follows the program is no part of it. */
const uniqueBusybox = async () => Buffer.concat([await staticBusybox(), Buffer.from(randomUUID())]);

/** All images with the contents of this one, also those that lost their name. */
async function imagesLike(reference: string) {
  onTestFinished(() => docker.getImage(reference).remove({ force: true }));
  const layers = async (image: string) =>
    (
      await docker
        .getImage(image)
        .inspect()
        .catch(() => null)
    )?.RootFS.Layers?.join();
  const wanted = await layers(reference);
  const all = await docker.listImages({ all: true });
  const alike = await Promise.all(all.map(async ({ Id }) => (await layers(Id)) === wanted));
  return all.filter((_, index) => alike[index]).map(({ RepoTags }) => RepoTags);
}

describe('the image of tools', () => {
  it('runs what busybox holds', async () => {
    const image = await toolsImage(docker);
    const container = await docker.createContainer({
      Image: image,
      Cmd: ['sh', '-c', 'echo it runs; ls -ld /tmp'],
    });
    onTestFinished(() => container.remove({ force: true }));
    await container.start();
    expect(await container.wait()).toMatchObject({ StatusCode: 0 });
    const logs = String(await container.logs({ stdout: true }));
    expect(logs).toContain('it runs');
    expect(logs).toContain('drwxrwxrwt');
  });

  it('is made once when eight ask at once', async () => {
    const busybox = await uniqueBusybox();
    const references = await Promise.all(Array.from({ length: 8 }, () => busyboxImage(docker, busybox)));
    expect(new Set(references).size).toBe(1);
    expect(await imagesLike(references[0]!)).toEqual([[references[0]]]);
  });

  it('is one image, and leaves none without a name, when eight make it that know nothing of each other', async () => {
    const busybox = await uniqueBusybox();
    const engines = Array.from({ length: 8 }, () => new Docker());
    const references = await Promise.all(engines.map((engine) => busyboxImage(engine, busybox)));
    expect(new Set(references).size).toBe(1);
    expect(await imagesLike(references[0]!)).toEqual([[references[0]]]);
  });

  it('is not another image that has its name', async () => {
    const busybox = await uniqueBusybox();
    const name = await busyboxImage(docker, busybox);
    onTestFinished(() => docker.getImage(name).remove({ force: true }) as Promise<void>);
    const own = (await docker.getImage(name).inspect()).Id;
    const other = await makeTestImage();
    onTestFinished(() => other.remove());
    const [repo, tag] = name.split(':') as [string, string];
    await docker.getImage(other.reference).tag({ repo, tag });
    await busyboxImage(docker, busybox);
    expect((await docker.getImage(name).inspect()).Id).toBe(own);
  });
});
