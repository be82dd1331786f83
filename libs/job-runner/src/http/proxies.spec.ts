import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveProxy } from '@horde/testing/http-proxy';
import { serve } from '@horde/testing/web-server';
import { makeIdentity } from '../streaming/certificate.ts';
import { servePlainHub } from '../testing/hub.ts';
import { makeOutput, post, put, upload, uploadFailure } from '../testing/uploads.ts';
import { failing, fill, single } from '../testing/volumes.ts';
import { guardedHttp, type HttpRules } from './client.ts';

const resolving =
  (address: string | null): HttpRules['resolve'] =>
  (_host, _options, callback) =>
    address === null
      ? callback(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), [])
      : callback(null, [{ address, family: 4 }]);

const over = (proxy: { url: string }, rules: Partial<HttpRules> = {}) =>
  guardedHttp({
    allowPrivateAddresses: false,
    resolve: resolving('93.184.216.34'),
    environment: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url },
    ...rules,
  });

describe('where the way out is a proxy', () => {
  it('volumes come over it, redirects too, and the proxy learns names', async () => {
    const server = await serve((request, response) =>
      request.url === '/end'
        ? response.end('arrived')
        : response.writeHead(302, { location: 'http://other.example/end' }).end(),
    );
    const proxy = await serveProxy(server);
    const { done, read } = await fill(single('http://files.example/a?b'), { send: over(proxy) });
    await done;
    expect(read('file')).toBe('arrived');
    expect(proxy.asked).toEqual(['http://files.example/a?b', 'http://other.example/end']);
    expect(server.received[0]!.headers.host).toBe('files.example');
  });

  it('uploads leave over it', async () => {
    const server = await serve((_request, response) => response.end('stored'));
    const proxy = await serveProxy(server);
    const folder = makeOutput({ f: Buffer.alloc(1_000_000, 'x') });
    for (const method of [put, post]) {
      const results = await upload(method('http://files.example/f', 'f'), folder, { send: over(proxy) });
      expect(results.get('f')).toContain('stored');
    }
    expect(server.received.map(({ method }) => method)).toEqual(['PUT', 'POST']);
    expect(proxy.asked).toHaveLength(2);
  });

  it('hubs are read over it', async () => {
    const server = await servePlainHub((request, response) => {
      const file = { type: 'file', path: 'a', size: 1, oid: '' };
      response.end(request.url.includes('/tree/') ? JSON.stringify([file]) : 'a');
    });
    const proxy = await serveProxy(server);
    const volume = {
      volume_type: 'huggingface_volume' as const,
      repo_id: 'acme/tiny',
      repo_type: null,
      revision: null,
      relative_path: null,
      allow_patterns: null,
      token: null,
    };
    const { done, read } = await fill(volume, { send: over(proxy), hubUrl: 'http://hub.example' });
    await done;
    expect(read('a')).toBe('a');
    expect(proxy.asked.every((url) => url.startsWith('http://hub.example/'))).toBe(true);
  });

  it('https goes through a tunnel, encrypted to its end, with a login at the proxy', async () => {
    const { certificate, key } = await makeIdentity('files.example');
    const trusted = tls.getCACertificates();
    tls.setDefaultCACertificates([...trusted, certificate]);
    onTestFinished(() => tls.setDefaultCACertificates(trusted));
    const server = https.createServer({ cert: certificate, key }, (_request, response) =>
      response.end('safe'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const proxy = await serveProxy(server.address() as AddressInfo);
    const environment = { HTTPS_PROXY: proxy.url.replace('//', '//user:word@') };
    const { done, read } = await fill(single('https://files.example/a'), {
      send: over(proxy, { environment }),
    });
    await done;
    expect(read('file')).toBe('safe');
    expect(proxy.asked).toEqual(['CONNECT files.example:443']);
    expect(proxy.logins).toEqual([`Basic ${btoa('user:word')}`]);
    const wrong = await fill(single('https://other.example/a'), { send: over(proxy, { environment }) });
    await expect(wrong.done).rejects.toEqual(failing('VOLUME_UNREACHABLE', /./));
  });

  it('NO_PROXY leads past it', async () => {
    const server = await serve((_request, response) => response.end('direct'));
    const proxy = await serveProxy(server);
    const environment = { HTTP_PROXY: proxy.url, NO_PROXY: 'files.example' };
    const send = over(proxy, {
      environment,
      resolve: resolving('127.0.0.1'),
      mayConnect: (address) => address === '127.0.0.1',
    });
    const { done, read } = await fill(single(`http://files.example:${server.port}/`), { send });
    await done;
    expect(read('file')).toBe('direct');
    expect(proxy.asked).toEqual([]);
  });
});

describe('over a proxy, too,', () => {
  it.each([
    'http://10.1.2.3/',
    'http://169.254.169.254/latest/meta-data',
    'https://[fd00::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://0x0a.1/',
  ])('an address outside the public internet is not asked for: %s', async (url) => {
    const proxy = await serveProxy({ port: 1 });
    for (const trustProxy of [false, true]) {
      const { done } = await fill(single(url), { send: over(proxy, { trustProxy }) });
      await expect(done).rejects.toEqual(failing('VOLUME_ADDRESS_REFUSED', 'VOLUME_ALLOW_PRIVATE_ADDRESSES'));
    }
    expect(proxy.asked).toEqual([]);
  });

  it('nor is a name that leads to one, whatever is thought of the proxy, nor by a redirect', async () => {
    const server = await serve((_request, response) =>
      response.writeHead(307, { location: 'http://10.1.2.3/' }).end(),
    );
    const proxy = await serveProxy(server);
    for (const trustProxy of [false, true]) {
      const send = over(proxy, { trustProxy, resolve: resolving('10.1.2.3') });
      const { done } = await fill(single('http://files.example/'), { send });
      await expect(done).rejects.toEqual(
        failing('VOLUME_ADDRESS_REFUSED', 'files.example is not an address'),
      );
    }
    expect(proxy.asked).toEqual([]);
    const { done } = await fill(single('http://files.example/'), { send: over(proxy) });
    await expect(done).rejects.toEqual(failing('VOLUME_ADDRESS_REFUSED', '10.1.2.3 is not an address'));
    expect(proxy.asked).toHaveLength(1);
  });

  it('a name that does not resolve here is asked for only if the proxy is trusted', async () => {
    const server = await serve((_request, response) => response.end('trusted'));
    const proxy = await serveProxy(server);
    const rules = { resolve: resolving(null) };
    const { done } = await fill(single('http://files.example/'), { send: over(proxy, rules) });
    await expect(done).rejects.toEqual(failing('VOLUME_UNREACHABLE', 'VOLUME_TRUST_PROXY'));
    expect(proxy.asked).toEqual([]);
    const trusted = await fill(single('http://files.example/'), {
      send: over(proxy, { ...rules, trustProxy: true }),
    });
    await trusted.done;
    expect(trusted.read('file')).toBe('trusted');
  });
});

describe('a proxy that does not do its part', () => {
  it('is named, and not where it is: one that is away', async () => {
    const send = over({ url: 'http://user:word@127.0.0.1:1' });
    for (const url of ['http://files.example/', 'https://files.example/']) {
      const { done } = await fill(single(url), { send });
      await expect(done).rejects.toEqual(
        failing('VOLUME_UNREACHABLE', /: the proxy of the executor's machine: the connection was refused\.$/),
      );
    }
  });

  it('is named, and not where it is: one that lets nothing through', async () => {
    const proxy = await serveProxy({ port: 1 }, 407);
    const failed = upload(put('https://files.example/', 'f'), makeOutput({ f: 'x' }), { send: over(proxy) });
    await expect(failed).rejects.toEqual(
      uploadFailure(
        'UPLOAD_NOT_ACCEPTED',
        /: the proxy of the executor's machine: it answered with HTTP 407\.$/,
      ),
    );
  });

  it('is named where it is no HTTP proxy', async () => {
    const { done } = await fill(single('http://files.example/'), {
      send: over({ url: 'socks5://user:word@x' }),
    });
    await expect(done).rejects.toEqual(
      failing('VOLUME_UNREACHABLE', /HTTP_PROXY is not the address of an HTTP proxy(?!.*word)/),
    );
  });

  it('does not hold up an abort when it does not answer', async () => {
    const silent = await serveProxy({ port: 1 });
    const controller = new AbortController();
    const { createServer } = await import('node:net');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => controller.abort(new Error('time is over')));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { signal } = controller;
    const { done } = await fill(single('https://files.example/'), { send: over({ ...silent, url }), signal });
    await expect(done).rejects.toThrow('time is over');
  });
});
