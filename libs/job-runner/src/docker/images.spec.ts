import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { TestRegistry } from '../testing/registry.ts';
import { fullReference, Images } from './images.ts';

const docker = new Docker();
const never = new AbortController().signal;

describe('the image that a reference means', () => {
  it.each([
    ['busybox', 'busybox:latest'],
    ['busybox:1', 'busybox:1'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
    ['localhost:5000/a/b:2', 'localhost:5000/a/b:2'],
    ['a/b@sha256:00', 'a/b@sha256:00'],
    ['a:1@sha256:00', 'a:1@sha256:00'],
  ])('%s is %s', (given, expected) => expect(fullReference(given)).toBe(expected));
});

describe('bringing images to this machine', () => {
  let registry: TestRegistry;
  let host: string;
  let reference: string;

  beforeEach(async () => {
    registry = new TestRegistry(randomUUID());
    host = await registry.start();
    reference = `${host}/horde-test/${randomUUID()}`;
  });
  afterEach(async () => {
    await docker
      .getImage(reference)
      .remove({ force: true })
      .catch(() => {});
    await registry.stop();
  });

  it('pulls an image once for all who wait for it, and not again once it is there', async () => {
    const layer = Promise.withResolvers<void>();
    registry.hold = layer.promise;
    const images = new Images(docker);
    const all = [images.ensure(reference, never), images.ensure(`${reference}:latest`, never)];
    layer.resolve();
    await Promise.all(all);
    await images.ensure(reference, never);
    expect(registry.pulls).toBe(1);
    expect((await docker.getImage(reference).inspect()).Id).toMatch(/^sha256:/);
  });

  it('goes on pulling while another still waits', async () => {
    const layer = Promise.withResolvers<void>();
    registry.hold = layer.promise;
    const images = new Images(docker);
    const leaver = new AbortController();
    const left = images.ensure(reference, leaver.signal);
    const stayed = images.ensure(reference, never);
    await expect.poll(() => registry.pulls).toBe(1);
    leaver.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    layer.resolve();
    await stayed;
    expect(registry.pulls).toBe(1);
  });

  it('takes an error inside the stream of a pull for an error', async () => {
    registry.corrupt = true;
    await expect(new Images(docker).ensure(reference, never)).rejects.toThrow(
      `The image ${reference}:latest is not on this machine and cannot be pulled: `,
    );
  });

  it('says that an image does not exist', async () => {
    await expect(new Images(docker).ensure(`${reference}:missing`, never)).rejects.toThrow(
      /manifest unknown/,
    );
  });

  it('tries again after a pull that failed', async () => {
    registry.corrupt = true;
    const images = new Images(docker);
    await expect(images.ensure(reference, never)).rejects.toThrow('cannot be pulled');
    registry.corrupt = false;
    await images.ensure(reference, never);
  });
});
