import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Images } from './images.ts';
import { checkRegistryAddress, type RegistryAddressOptions } from './registry-address.ts';

const notFound = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
const check = (image: string, options: Partial<RegistryAddressOptions> = {}) =>
  checkRegistryAddress(image, { hasProxy: async () => false, ...options });
const at =
  (...addresses: string[]) =>
  async () =>
    addresses;

/** A service of this machine that answers every request with a secret. */
async function innerService(): Promise<{ host: string; asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url!);
    response.writeHead(404, { 'content-type': 'text/plain' }).end('the-inner-secret');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const pulled = (image: string, allowedRegistries: string[] = []) =>
  new Images(new Docker(), { allowedRegistries }).ensure(image, new AbortController().signal);

describe('an image whose registry is a service of this machine', () => {
  it('makes no request to it', async () => {
    const { host, asked } = await innerService();
    await expect(pulled(`${host}/a/b`)).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringContaining('JOB_ALLOWED_REGISTRIES') as string,
    });
    await expect(pulled(`${host.replace('127.0.0.1', 'localhost')}/a/b`)).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
    });
    expect(asked).toEqual([]);
  });

  it('gives nothing of its answers away where the operator allows it', async () => {
    const { host, asked } = await innerService();
    const refusal = await pulled(`${host}/a/b`, [host]).catch((error: Error) => error.message);
    expect(asked.length).toBeGreaterThan(0);
    expect(refusal).toContain('cannot be pulled');
    expect(refusal).not.toContain('secret');
  });
});

describe('the registry of an image that has to be pulled', () => {
  it.each([
    '127.0.0.1:5000/a',
    '10.0.0.1/a/b:1',
    '169.254.169.254/latest/meta-data',
    '93.184.216.34/a',
    '[::1]:5000/a',
    '[2606:4700::1]/a',
    'localhost/a',
    'LOCALHOST:80/a',
    'some.localhost/a',
  ])('may not be an address: %s', async (image) => {
    await expect(check(image, { resolve: at('93.184.216.34') })).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
    });
  });

  it.each([['10.1.2.3'], ['::1'], ['93.184.216.34', '127.0.0.1'], ['::ffff:10.0.0.1']])(
    'may not be a name of %s',
    async (...addresses) => {
      await expect(check('registry.example/a', { resolve: at(...addresses) })).rejects.toThrow(
        'its registry registry.example is not in the public internet',
      );
    },
  );

  it.each(['0x7f000001.1:80/a', '127.1/a', '2130706433:80/a'])(
    'may not be an address in disguise: %s',
    async (image) => {
      await expect(check(image)).rejects.toThrow(/is not in the public internet|cannot be reached/);
    },
  );

  it('may be a name of the public internet', async () => {
    await check('ghcr.io/a/b:1', { resolve: at('140.82.121.33', '2606:50c0:8000::154') });
  });

  it('is Docker Hub where the image names none, which is not looked up', async () => {
    const resolve = () => Promise.reject(new Error('looked up'));
    await check('busybox:latest', { resolve });
    await check('index.docker.io/library/busybox', { resolve });
  });

  it('is left to an engine with a proxy where its name is not known here, and to no other', async () => {
    const resolve = () => Promise.reject(notFound);
    await check('registry.example/a', { resolve, hasProxy: async () => true });
    await expect(check('registry.example/a', { resolve })).rejects.toThrow(
      'cannot be pulled: the registry registry.example cannot be reached (its host name is not known)',
    );
    await expect(check('127.0.0.1/a', { resolve, hasProxy: async () => true })).rejects.toThrow('an address');
  });
});
