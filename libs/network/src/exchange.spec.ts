import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { serveProxy } from '@horde/testing/http-proxy';
import { AnswerTooLong, exchange } from './exchange.ts';

afterEach(() => void vi.unstubAllEnvs());

const signal = () => AbortSignal.timeout(10_000);

async function serve(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port };
}

it('an exchange goes over the proxy of the environment, and not to this machine', async () => {
  const server = await serve((_request, response) => response.writeHead(201).end('ü'));
  const proxy = await serveProxy(server);
  vi.stubEnv('http_proxy', proxy.url);
  vi.stubEnv('no_proxy', '');
  const sent = { method: 'PUT', body: '{}', signal: signal() } as const;
  expect(await exchange(new URL('http://pylon.example/a?b'), sent)).toEqual({ status: 201, text: 'ü' });
  expect(await exchange(new URL(`http://127.0.0.1:${server.port}/`), sent)).toEqual({
    status: 201,
    text: 'ü',
  });
  expect(proxy.asked).toEqual(['http://pylon.example/a?b']);
});

it('an exchange brings redirects back as they are', async () => {
  const { port } = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
  const answer = await exchange(new URL(`http://127.0.0.1:${port}/`), { signal: signal() });
  expect(answer.status).toBe(302);
});

it('an exchange ends at an answer that is too long, that breaks off, and with its signal', async () => {
  const { port } = await serve((request, response) => {
    if (request.url === '/long') response.end('x'.repeat(1_001));
    if (request.url === '/half')
      response.writeHead(200, { 'content-length': 9 }).write('x', () => response.destroy());
  });
  const ask = (path: string, limit = signal()) =>
    exchange(new URL(`http://127.0.0.1:${port}${path}`), { signal: limit, maxBytes: 1_000 });
  await expect(ask('/long')).rejects.toThrow(AnswerTooLong);
  await expect(ask('/half')).rejects.toThrow('aborted');
  await expect(ask('/never', AbortSignal.timeout(1))).rejects.toThrow(
    expect.objectContaining({ name: 'TimeoutError' }),
  );
});
