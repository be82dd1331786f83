import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { because } from '@horde/testing/missing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { JobFailure } from '../failures.ts';
import { type DockerRegistry, login, missingRegistry, startRegistry } from '../testing/docker-registry.ts';
import { TestRegistry } from '../testing/registry.ts';
import { type ImageOptions, Images, throwOnError } from './images.ts';
import type { ImageProgress } from './pull-progress.ts';

const docker = new Docker();
const never = new AbortController().signal;

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

  const imagesOf = (engine = docker) => new Images(engine, { allowedRegistries: [host] });

  it('pulls an image once for all who wait for it, and not again once it is there', async () => {
    const layer = Promise.withResolvers<void>();
    registry.hold = layer.promise;
    const images = imagesOf();
    const all = [images.ensure(reference, never), images.ensure(`${reference}:latest`, never)];
    layer.resolve();
    await Promise.all(all);
    await images.ensure(reference, never);
    expect(registry.pulls).toBe(1);
    expect((await docker.getImage(reference).inspect()).Id).toMatch(/^sha256:/);
  });

  it('marks what it has pulled, and notes each use of it, where that is asked for', async () => {
    const taggedAt = async () => {
      const { RepoTags, Metadata } = (await docker
        .getImage(reference)
        .inspect()) as Docker.ImageInspectInfo & {
        Metadata: { LastTagTime: string };
      };
      const mark = RepoTags.find((tag) => tag.startsWith('horde-pulled:'));
      return { mark, at: Metadata.LastTagTime };
    };
    await imagesOf().ensure(reference, never);
    expect((await taggedAt()).mark).toBeUndefined();
    const marking = new Images(docker, { allowedRegistries: [host], marksPulled: true });
    await marking.ensure(reference, never); // it is there already, and somebody else's
    expect((await taggedAt()).mark).toBeUndefined();
    await docker.getImage(reference).remove();
    await marking.ensure(reference, never);
    const { mark, at } = await taggedAt();
    onTestFinished(() => docker.getImage(mark!).remove());
    await imagesOf().ensure(reference, never);
    expect((await taggedAt()).mark).toBe(mark);
    expect((await taggedAt()).at).not.toBe(at);
  });

  it('goes on pulling while another still waits', async () => {
    const layer = Promise.withResolvers<void>();
    registry.hold = layer.promise;
    const images = imagesOf();
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
    await expect(imagesOf().ensure(reference, never)).rejects.toThrow(
      `The image ${reference}:latest is not on this machine and cannot be pulled: `,
    );
  });

  it('asks the engine for nothing where the name would be a path to somewhere else', async () => {
    const ensured = new Images(docker).ensure('../../containers/json?x=', never);
    await expect(ensured).rejects.toMatchObject({
      code: 'IMAGE_NAME_REFUSED',
      message: '"../../containers/json?x=" cannot be the name of an image.',
    });
  });

  it('does not look for an id at a registry', async () => {
    const ensured = new Images(docker).ensure(`sha256:${'0'.repeat(64)}`, never);
    await expect(ensured).rejects.toThrow('cannot be pulled: an id does not say where it is from');
  });

  it('says that an image does not exist', async () => {
    await expect(imagesOf().ensure(`${reference}:missing`, never)).rejects.toThrow(/manifest unknown/);
  });

  it('tries again after a pull that failed', async () => {
    registry.corrupt = true;
    const images = imagesOf();
    await expect(images.ensure(reference, never)).rejects.toThrow('cannot be pulled');
    registry.corrupt = false;
    await images.ensure(reference, never);
  });

  it('downloads once what several executors of one engine pull, and goes on when one of them leaves', async () => {
    const layer = Promise.withResolvers<void>();
    registry.hold = layer.promise;
    const pulled = (signal: AbortSignal) => imagesOf(new Docker()).ensure(reference, signal);
    const stayed = [pulled(never)];
    await expect.poll(() => registry.downloads).toBe(1);
    const leaver = new AbortController();
    const left = pulled(leaver.signal);
    stayed.push(pulled(never));
    await expect.poll(() => registry.pulls).toBe(3);
    leaver.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    layer.resolve();
    await Promise.all(stayed);
    expect(registry.downloads).toBe(1);
  });

  it('tells how far it is: at the start, at the end, and never a smaller part than before', async () => {
    const told: ImageProgress[] = [];
    await new Images(docker, {
      allowedRegistries: [host],
      onProgress: (progress) => told.push(progress),
    }).ensure(reference, never);
    expect(told[0]).toEqual({
      image: `${reference}:latest`,
      percent: null,
      done: 0,
      total: null,
      sentence: `Pulling the image ${reference}:latest.`,
    });
    expect(told.at(-1)).toMatchObject({ percent: 100 });
    const parts = told.map(({ percent }) => percent ?? 0);
    expect(parts).toEqual(parts.toSorted((one, other) => one - other));
  });
});

describe("an operator's policy", () => {
  let image: TestImage;
  beforeAll(async () => void (image = await makeTestImage()));
  afterAll(() => image?.remove());

  it('holds for an image that is on this machine already', async () => {
    const refused = new Images(docker, { allowedRegistries: ['ghcr.io'] }).ensure(image.reference, never);
    await expect(refused).rejects.toThrow(JobFailure);
    await expect(refused).rejects.toMatchObject({ reason: 'unknown', stage: 'executor_startup' });
    await new Images(docker, { allowedRegistries: ['docker.io/horde-test'] }).ensure(image.reference, never);
  });

  it('is not got around by naming an image of this machine by its id', async () => {
    const { Id } = await docker.getImage(image.reference).inspect();
    const images = new Images(docker, { allowedRegistries: ['docker.io'] });
    await expect(images.ensure(Id, never)).rejects.toThrow('by their names');
  });
});

describe.skipIf(missingRegistry !== null)(`a real registry${because(missingRegistry)}`, () => {
  let image: TestImage;
  let open: DockerRegistry;
  let closed: DockerRegistry;
  /** Of the pushed image, as `sha256:...`. */
  let digest: string;
  let folder: string;
  const pulled: string[] = [];

  beforeAll(async () => {
    image = await makeTestImage();
    folder = mkdtempSync(path.join(tmpdir(), 'horde-logins-'));
    [open, closed] = await Promise.all([startRegistry(), startRegistry({ login: true })]);
    for (const { host } of [open, closed]) {
      const repo = `${host}/horde-test/image`;
      await docker.getImage(image.reference).tag({ repo, tag: '1' });
      const push = await docker.getImage(`${repo}:1`).push({ authconfig: { ...login, serveraddress: host } });
      await throwOnError(push, (event) => (digest = event.aux?.Digest ?? digest));
      await docker.getImage(`${repo}:1`).remove();
    }
  });
  afterEach(async () => {
    rmSync(path.join(folder, 'config.json'), { force: true });
    for (const name of pulled.splice(0))
      await docker
        .getImage(name)
        .remove({ force: true })
        .catch(() => {});
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await Promise.all([open?.stop(), closed?.stop(), image?.remove()]);
  });

  const ensure = (name: string, options: ImageOptions = {}) => {
    pulled.push(name);
    const allowedRegistries = [name.split('/')[0]!];
    return new Images(docker, { dockerConfig: folder, allowedRegistries, ...options }).ensure(name, never);
  };
  const keepLogin = (key: string, password: string) => {
    const auth = Buffer.from(`${login.username}:${password}`).toString('base64');
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ auths: { [key]: { auth } } }));
  };

  it.each(['image:1', 'image@DIGEST', 'image:1@DIGEST', 'image:other@DIGEST'])('gives %s', async (form) => {
    const name = `${open.host}/horde-test/${form.replace('DIGEST', digest)}`;
    await ensure(name, { allowedRegistries: [open.host], requireDigest: form.includes('@') });
    const { Id } = await docker.getImage(name).inspect();
    const container = await docker.createContainer({ Image: name, Cmd: ['true'] });
    expect((await container.inspect()).Image).toBe(Id);
    await container.remove();
  });

  it('is not needed for an image that is there, nor is its login', async () => {
    const registry = await startRegistry();
    const name = `${registry.host}/horde-test/image:1`;
    await registry.stop();
    await docker.getImage(image.reference).tag({ repo: `${registry.host}/horde-test/image`, tag: '1' });
    writeFileSync(path.join(folder, 'config.json'), 'not JSON');
    await ensure(name);
  });

  it.each([
    ['an image that it does not have', 'nothing:1'],
    ['a tag that it does not have', 'image:2'],
    ['a digest that it does not have', `image@sha256:${'0'.repeat(64)}`],
  ])('says so for %s', async (_, form) => {
    const name = `${open.host}/horde-test/${form}`;
    await expect(ensure(name)).rejects.toThrow(
      `The image ${name} is not on this machine and cannot be pulled: ` +
        `the registry ${open.host} has no image of that name and tag (manifest unknown)`,
    );
  });

  it('that nobody answers for is named', async () => {
    await expect(ensure('127.0.0.1:1/horde-test/image:1')).rejects.toThrow(
      'cannot be pulled: the registry 127.0.0.1:1 cannot be reached (connection refused)',
    );
  });

  it('gives a private image to who has logged in', async () => {
    keepLogin(closed.host, login.password);
    await ensure(`${closed.host}/horde-test/image:1`);
  });

  it('gives an image to anybody where the file with the logins is empty', async () => {
    writeFileSync(path.join(folder, 'config.json'), '');
    await ensure(`${open.host}/horde-test/image:1`);
  });

  it('says that it asks for a login where there is none', async () => {
    keepLogin('elsewhere.example', login.password);
    await expect(ensure(`${closed.host}/horde-test/image:1`)).rejects.toThrow(
      `the registry ${closed.host} asks for a login, and this machine has none for it (no basic auth credentials)`,
    );
  });

  it('says that it refuses a login, without telling it', async () => {
    keepLogin(`http://${closed.host}/v2/`, 'another-secret');
    const refused = ensure(`${closed.host}/horde-test/image:1`);
    await expect(refused).rejects.toThrow(
      `the registry ${closed.host} does not let this machine's login have it`,
    );
    await expect(refused).rejects.not.toThrow(/another-secret|YW5vdGhlc/);
  });
});
