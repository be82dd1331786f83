import { open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { serve, serveBytes } from '@horde/testing/web-server';
import { isPublicAddress } from '@horde/network';
import { guardedHttp } from '../http/client.ts';
import { follow } from '../http/follow.ts';
import { failing, fill, single, zipUrl } from '../testing/volumes.ts';
import { Budget } from './budget.ts';
import { download } from './download.ts';
import { VolumeFile } from './volume-file.ts';

describe('downloads that fail', () => {
  it('tries again after 5xx answers and lost connections', async () => {
    let tries = 0;
    const server = await serve((_request, response) => {
      tries++;
      if (tries === 1) response.writeHead(503).end();
      else if (tries === 2)
        response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
      else response.end('whole');
    });
    const { done, read } = await fill(single(server.url));
    await done;
    expect(read('file')).toBe('whole');
  });

  it('gives up after three tries, naming the URL without its secrets', async () => {
    const server = await serve((_request, response) => response.writeHead(502).end());
    const url = `http://user:word@127.0.0.1:${server.port}/a/b.zip?X-Amz-Signature=secret#part`;
    const { done } = await fill(zipUrl(url));
    const message = `^The volume at http://127\\.0\\.0\\.1:${server.port}/a/b\\.zip was answered with HTTP 502\\.$`;
    await expect(done).rejects.toEqual(failing('VOLUME_NOT_SERVED', new RegExp(message)));
    expect(server.received).toHaveLength(3);
  });

  it('takes a 4xx answer as final', async () => {
    const server = await serve((_request, response) => response.writeHead(404).end());
    await expect((await fill(single(server.url))).done).rejects.toEqual(
      failing('VOLUME_NOT_SERVED', 'HTTP 404'),
    );
    expect(server.received).toHaveLength(1);
  });

  it('says that nobody listens, and that a name is not known', async () => {
    await expect((await fill(single('http://127.0.0.1:1/x'))).done).rejects.toEqual(
      failing(
        'VOLUME_UNREACHABLE',
        /^The volume at http:\/\/127.0.0.1:1\/x cannot be fetched: the connection was refused\.$/,
      ),
    );
    await expect((await fill(single('http://no-such-host.invalid/x'))).done).rejects.toEqual(
      failing(
        'VOLUME_UNREACHABLE',
        /^The volume at http:\/\/no-such-host.invalid\/x cannot be fetched: its host name /,
      ),
    );
  });

  it('says the reason of each address where all addresses of a name fail', async () => {
    const send = guardedHttp({
      allowPrivateAddresses: true,
      resolve: (_host, _options, callback) =>
        callback(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '255.255.255.255', family: 4 },
        ]),
    });
    await expect((await fill(single('http://name.invalid:1/x'), { send })).done).rejects.toEqual(
      failing(
        'VOLUME_UNREACHABLE',
        /cannot be fetched: 127\.0\.0\.1: the connection was refused; 255\.255\.255\.255: /,
      ),
    );
  });

  it.each([
    ['of no protocol that is spoken here', 'SSH-2.0-x\r\n', 'its answer is not HTTP'],
    [
      'that leads to another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      'the connection ended without an answer',
    ],
    [
      'whose headers have no end',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`,
      'the headers of its answer are too long',
    ],
    [
      'of two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'its answer is not HTTP',
    ],
  ])('ends at an answer %s', async (_, answer, message) => {
    const { done } = await fill(single(await serveBytes(answer)));
    await expect(done).rejects.toEqual(failing('VOLUME_UNREACHABLE', `cannot be fetched: ${message}.`));
  });

  it('refuses what is announced as too large, and what turns out to be', async () => {
    const body = Buffer.alloc(3_000);
    const announced = await serve((_request, response) =>
      response.writeHead(200, { 'content-length': 3_000 }).end(body),
    );
    const silent = await serve((_request, response) => void (response.write(body), response.end()));
    for (const server of [announced, silent]) {
      const { done } = await fill(single(server.url), { maxBytes: 2_999 });
      await expect(done).rejects.toEqual(failing('VOLUME_TOO_LARGE', /holds more than 2\.9 KiB\.$/));
      await (
        await fill(single(server.url), { maxBytes: 3_000 })
      ).done;
      await (
        await fill(single(server.url), { maxBytes: 0 })
      ).done;
    }
  });

  it.each([408, 429, 500])('tries again after %i', async (status) => {
    let tries = 0;
    const server = await serve((_request, response) =>
      tries++ === 0 ? response.writeHead(status).end() : response.end('whole'),
    );
    const { done, read } = await fill(single(server.url));
    await done;
    expect(read('file')).toBe('whole');
  });

  it('tries again when nothing comes any more', async () => {
    let tries = 0;
    const server = await serve((_request, response) => {
      if (++tries === 1) return; // no answer at all
      if (tries === 2) response.writeHead(200).write('half');
      else response.end('whole');
    });
    const { done, read } = await fill(single(server.url), { idleTimeout: 50 });
    await done;
    expect(read('file')).toBe('whole');

    const silent = await serve((_request, response) => response.writeHead(200).write('half'));
    await expect((await fill(single(silent.url), { idleTimeout: 50 })).done).rejects.toEqual(
      failing('VOLUME_UNREACHABLE', 'no answer came in time'),
    );
  });

  it('says that the disk is full, and does not fetch it again', async () => {
    const server = await serve((_request, response) => response.end('x'));
    const file = new VolumeFile(await open('/dev/full', 'w'), 'a/b');
    const budget = new Budget('It', { maxBytes: 0, maxEntries: 1, maxRatio: 1, freeBytes: 0 });
    const signal = new AbortController().signal;
    const askFor = () =>
      follow(guardedHttp({ allowPrivateAddresses: true }), {
        method: 'GET',
        url: server.url,
        headers: {},
        signal,
        idleTimeout: 1_000,
      });
    await expect(download(askFor, file, budget, { signal, retryDelays: [1, 1] })).rejects.toEqual(
      failing(
        'VOLUME_NOT_WRITTEN',
        'The volume\'s file "a/b" cannot be written: the disk of the executor\'s machine is full.',
      ),
    );
    await file.close();
    expect(server.received).toHaveLength(1);
  });

  it('stops after twenty redirects, as httpx', async () => {
    const server = await serve((request, response) =>
      response.writeHead(302, { location: `${request.url}x` }).end(),
    );
    await expect((await fill(single(`${server.url}/`))).done).rejects.toEqual(
      failing('VOLUME_ADDRESS_REFUSED', 'it redirects more than 20 times'),
    );
    expect(server.received).toHaveLength(21);
  });

  it.each(['ftp://example.com/x', 'file:///etc/passwd', 'not a url', ''])('refuses %j', async (url) => {
    await expect((await fill(single(url))).done).rejects.toEqual(failing('VOLUME_ADDRESS_REFUSED'));
  });

  it('ends with the reason of an abort, at once', async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort(new Error('time is over')));
    const { done } = await fill(single(server.url), { signal: controller.signal });
    await expect(done).rejects.toThrow('time is over');
  });
});

describe('addresses outside the public internet', () => {
  const closed = { allowPrivateAddresses: false };

  it.each(['127.0.0.1', '[::1]', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0.0.0.0'])(
    'are not talked to: %s',
    async (host) => {
      const server = await serve((_request, response) => response.end('secret'));
      const { done } = await fill(single(`http://${host}:${server.port}/`), closed);
      await expect(done).rejects.toEqual(
        failing('VOLUME_ADDRESS_REFUSED', 'is not an address of the public internet'),
      );
      expect(server.received).toEqual([]);
    },
  );

  it('are not reached by a name that has one beside others, or another one the next time', async () => {
    const server = await serve((_request, response) => response.end('x'));
    let addresses = ['127.0.0.1', '127.0.0.2'];
    const send = guardedHttp({
      allowPrivateAddresses: false,
      mayConnect: (address) => address === '127.0.0.1',
      resolve: (_host, _options, callback) => {
        callback(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
        addresses = ['127.0.0.2'];
      },
    });
    const get = async () => (await fill(single(`http://name.invalid:${server.port}/`), { send })).done;
    await expect(get()).rejects.toEqual(failing('VOLUME_ADDRESS_REFUSED'));
    addresses = ['127.0.0.1'];
    await get();
    await expect(get()).rejects.toEqual(failing('VOLUME_ADDRESS_REFUSED'));
    expect(server.received).toHaveLength(1);
  });

  it('are not reached by a redirect either', async () => {
    const inner = await serve((_request, response) => response.end('secret'));
    // The first address stands for a public one.
    const send = guardedHttp({
      allowPrivateAddresses: false,
      mayConnect: (a) => a === '127.0.0.1' || isPublicAddress(a),
    });
    for (const target of [`http://127.0.0.2:${inner.port}/`, `http://[::ffff:127.0.0.2]:${inner.port}/`]) {
      const outer = await serve((_request, response) => response.writeHead(307, { location: target }).end());
      const { done } = await fill(single(`${outer.url}/x`), { send });
      await expect(done).rejects.toEqual(failing('VOLUME_ADDRESS_REFUSED'));
      expect(outer.received).toHaveLength(1);
    }
    expect(inner.received).toEqual([]);
  });
});
