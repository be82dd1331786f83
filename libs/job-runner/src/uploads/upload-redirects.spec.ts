import { describe, expect, it } from 'vitest';
import { serve, type TestServer } from '@horde/testing/web-server';
import { isPublicAddress } from '@horde/network';
import { guardedHttp } from '../http/client.ts';
import { makeOutput, post, put, upload, uploadFailure } from '../testing/uploads.ts';

// More than the kernel's buffers hold.
const contents = Buffer.alloc(8_000_000, 'output');
const output = () => makeOutput({ f: contents });
const stored = ({ received }: TestServer) => received.map(({ body, method }) => [method, body.length]);

describe('an upload that is redirected', () => {
  it.each([
    [307, put, 'PUT'],
    [308, put, 'PUT'],
    [301, put, 'PUT'],
    [307, post, 'POST'],
    [308, post, 'POST'],
  ] as const)('with %i is sent there whole, from its start', async (status, method, word) => {
    const other = await serve((_request, response) => response.end('stored'));
    const first = await serve((_request, response) =>
      response.writeHead(status, { location: `${other.url}/there?sig=1` }).end(),
    );
    const results = await upload(method(`${first.url}/here`, 'f'), output());
    expect(results.get('f')).toContain('stored');
    expect(first.received).toHaveLength(1);
    const [request, ...more] = other.received;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: word, url: '/there?sig=1' });
    expect(request!.body.includes(contents)).toBe(true);
    expect(request!.headers['content-length']).toBe(String(request!.body.length));
  });

  it('is answered by 303 to a form: it is done, and nothing else is asked', async () => {
    const server = await serve((_request, response) =>
      response.writeHead(303, { location: '/elsewhere', etag: '"e"' }).end('see there'),
    );
    const results = await upload(post(server.url, 'f'), output());
    expect(JSON.parse(results.get('f')!)).toMatchObject({ headers: { etag: '"e"' }, body: 'see there' });
    expect(server.received.map(({ method, url }) => [method, url])).toEqual([['POST', '/']]);
  });

  it.each([301, 302])(
    'is answered by %i to a form: the answer is got there, as httpx does',
    async (status) => {
      const server = await serve((request, response) => {
        if (request.method === 'POST') response.writeHead(status, { location: '/done' }).end();
        else response.end('thank you');
      });
      const results = await upload(post(server.url, 'f'), output());
      expect(results.get('f')).toContain('thank you');
      const [, got] = server.received;
      expect(got).toMatchObject({ method: 'GET', url: '/done', body: Buffer.alloc(0) });
      expect(got!.headers).not.toHaveProperty('content-type');
      expect(got!.headers).not.toHaveProperty('content-length');
    },
  );

  it.each([302, 303])('from a PUT to a page, by %i, has failed: nothing was stored', async (status) => {
    const server = await serve((request, response) => {
      if (request.method === 'PUT') response.writeHead(status, { location: '/page' }).end();
      else response.end('what was there before');
    });
    await expect(upload(put(server.url, 'f'), output())).rejects.toEqual(
      uploadFailure('UPLOAD_NOT_ACCEPTED', `HTTP ${status}`),
    );
    expect(server.received.every(({ method }) => method === 'PUT')).toBe(true);
  });

  it('carries the signed headers to the same server, and to no other', async () => {
    const other = await serve((_request, response) => response.end());
    const first = await serve((request, response) => {
      const location = request.url === '/' ? '/again' : `${other.url}/`;
      response.writeHead(307, { location }).end();
    });
    const signed: [string, string][] = [
      ['Authorization', 'secret'],
      ['Host', 'signed.example'],
      ['Content-Type', 'image/png'],
    ];
    await upload(put(`http://user:word@127.0.0.1:${first.port}/`, 'f', signed), output());
    const headers = { authorization: 'secret', host: 'signed.example', 'content-type': 'image/png' };
    expect(first.received.map((request) => request.headers)).toEqual([
      expect.objectContaining(headers),
      expect.objectContaining(headers),
    ]);
    const [there] = other.received;
    expect(there!.headers['host']).toBe(`127.0.0.1:${other.port}`);
    expect(there!.headers).not.toHaveProperty('authorization');
    expect(there!.headers).not.toHaveProperty('content-type');
    expect(stored(other)).toEqual([['PUT', contents.length]]);
  });

  it('reaches no address outside the public internet', async () => {
    const inner = await serve((_request, response) => response.end());
    // The first address stands for a public one.
    const send = guardedHttp({
      allowPrivateAddresses: false,
      mayConnect: (address) => address === '127.0.0.1' || isPublicAddress(address),
    });
    const first = await serve((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.2:${inner.port}/` }).end(),
    );
    await expect(upload(put(first.url, 'f'), output(), { send })).rejects.toEqual(
      uploadFailure('UPLOAD_ADDRESS_REFUSED', '127.0.0.2 is not an address of the public internet'),
    );
    expect(inner.received).toEqual([]);
    expect(first.received).toHaveLength(1);
  });

  it('without end is refused', async () => {
    const server = await serve((_request, response) => response.writeHead(307, { location: '/' }).end());
    await expect(upload(put(server.url, 'f'), makeOutput({ f: 'x' }))).rejects.toEqual(
      uploadFailure('UPLOAD_ADDRESS_REFUSED', 'it redirects more than 20 times'),
    );
    expect(server.received).toHaveLength(21);
  });

  it('does not show the query of the place that refused it', async () => {
    const other = await serve((request, response) => response.writeHead(403).end(`denied: ${request.url}`));
    const first = await serve((_request, response) =>
      response.writeHead(307, { location: `${other.url}/there?sig=secret` }).end(),
    );
    await expect(upload(put(first.url, 'f'), output())).rejects.toEqual(
      uploadFailure('UPLOAD_NOT_ACCEPTED', /HTTP 403: denied: \/there\.$/),
    );
  });
});
