import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { PageReader } from './index.ts';

const reader = new PageReader();
afterAll(() => reader.close());

async function serve(answer: RequestListener): Promise<URL> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/receipts/1.jsonl`);
}

const never = new AbortController().signal;

async function read(answer: RequestListener, offset = 0, maxBytes = 1_000, signal = never) {
  const { bytes, rest } = await reader.read(await serve(answer), { offset, maxBytes, signal });
  return { text: bytes.toString(), rest: typeof rest === 'string' ? rest : rest.kind };
}

describe('a page', () => {
  it('that nobody has looked at yet is asked for as a whole, compressed', async () => {
    const plain = await read((request, response) => {
      const { range, 'accept-encoding': encoding } = request.headers;
      response.end(`${request.url} ${range} ${encoding}\n`);
    });
    expect(plain).toEqual({ text: '/receipts/1.jsonl undefined gzip\n', rest: 'none' });
    const packed = await read((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('one\ntwo\n'));
    });
    expect(packed).toEqual({ text: 'one\ntwo\n', rest: 'none' });
  });

  it('is asked for from where it was read up to', async () => {
    const part = await read((request, response) => {
      const { range, 'accept-encoding': encoding } = request.headers;
      response.writeHead(206, { 'content-range': 'bytes 7-11/12' }).end(`${range} ${encoding}`);
    }, 7);
    expect(part).toEqual({ text: 'bytes=7- identity', rest: 'none' });
  });

  it.each([404, 416])('is empty when the answer is %d', async (status) => {
    const nothing = await read((_request, response) => response.writeHead(status).end('no such page'), 7);
    expect(nothing).toEqual({ text: '', rest: 'none' });
  });

  it('is read no further than so many bytes, also where they are packed into a few', async () => {
    const long = await read((_request, response) => response.end('x'.repeat(5_000_000)));
    const bomb = await read((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100_000_000)));
    });
    for (const { text, rest } of [long, bomb]) {
      expect(rest).toBe('more');
      expect(text.length).toBeLessThan(200_000);
    }
  });
});

describe('a server that lies is not believed:', () => {
  it.each<[string, number, string, RequestListener]>([
    ['the whole page instead of a part', 7, 'UnexpectedStatus', (_, response) => response.end('x')],
    [
      'another part',
      7,
      'WrongRange',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-11/12' }).end('x'),
    ],
    ['a part without its range', 7, 'WrongRange', (_, response) => response.writeHead(206).end('x')],
    [
      'a part that nobody asked for',
      0,
      'UnexpectedStatus',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-1/2' }).end('x'),
    ],
    [
      'a redirect',
      0,
      'UnexpectedStatus',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    ['an error', 0, 'UnexpectedStatus', (_, response) => response.writeHead(500).end('x')],
    [
      'a compressed part',
      7,
      'UnknownEncoding',
      (_, response) =>
        response
          .writeHead(206, { 'content-range': 'bytes 7-11/12', 'content-encoding': 'gzip' })
          .end(gzipSync('x')),
    ],
    [
      'another encoding',
      0,
      'UnknownEncoding',
      (_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('x'),
    ],
  ])('%s', async (_what, offset, kind, answer) => {
    await expect(read(answer, offset)).rejects.toMatchObject({ kind });
  });
});

describe('an answer that does not come to its end', () => {
  it('is kept as far as it came when the connection breaks', async () => {
    const cut = await read((_request, response) => {
      response
        .writeHead(200, { 'content-length': 100 })
        .write('one\ntw', () => setImmediate(() => response.destroy()));
    });
    expect(cut).toEqual({ text: 'one\ntw', rest: 'BrokenOff' });
  });

  it('is kept as far as it can be unpacked', async () => {
    const packed = gzipSync(Array.from({ length: 20_000 }, () => `${Math.random()}\n`).join(''));
    const { text, rest } = await read(
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed.subarray(0, packed.length - 100));
      },
      0,
      1e9,
    );
    expect(rest).toBe('BrokenOff');
    expect(text.length).toBeGreaterThan(100_000);
  });

  it('is kept as far as it came when its time is over', async () => {
    const begun = Promise.withResolvers<void>();
    const limit = new AbortController();
    const answer = read(
      (_request, response) => {
        response.write('one\n', () => begun.resolve());
      },
      0,
      1_000,
      limit.signal,
    );
    await begun.promise;
    setTimeout(() => limit.abort(), 50);
    expect(await answer).toEqual({ text: 'one\n', rest: 'Timeout' });
  });

  it('is an error when it has not begun', async () => {
    const limit = AbortSignal.timeout(20);
    await expect(read(() => undefined, 0, 1_000, limit)).rejects.toMatchObject({ kind: 'Timeout' });
    await expect(read((request) => request.socket.destroy())).rejects.toMatchObject({ kind: 'Unreachable' });
  });
});
