import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Keypair } from '@horde/identity';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { postJson, tokenOf } from '../testing/user.ts';

let facilitator: RunningFacilitator;
let token: string;
beforeAll(async () => {
  facilitator = await startFacilitator([]);
  token = await tokenOf(facilitator.url, facilitator.user);
});
beforeEach(() => void (facilitator.log.length = 0));
afterEach(() => vi.useRealTimers());
afterAll(() => facilitator.stop());

/** Sends a request line and headers as they are, and returns the answer as it is. */
async function answerTo(line: string, headers: string[] = [], body = ''): Promise<string> {
  const socket = connect(Number(new URL(facilitator.url).port), '127.0.0.1');
  const all = ['host: x', `authorization: Bearer ${token}`, 'connection: close', ...headers];
  socket.write(`${line} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  return text(socket);
}

it.each<[string, string[]?, string?]>([
  ['GET /api/v1/jobs/%ff/'],
  ['GET /api/v1/jobs/%/'],
  ['GET /api/v1/jobs/%00/'],
  ['GET /api/v1/jobs/?tag=%ff%00&page=%ff'],
  ['GET /api/v1/jobs/?uuid=%00'],
  ['GET /api/v1/jobs/?page_size=99999999999999999999&page=1e3'],
  ['GET http://x:99999/api/v1/jobs/'],
  ['GET http://[/api/v1/jobs/'],
  ['GET //api/v1/jobs/'],
  ['GET /api/v1/jobs'],
  ['GET \\api\\v1\\jobs\\'],
  ['GET *'],
  ['HEAD /api/v1/jobs/'],
  ['GET /api/v1/jobs/', ['host: [']],
  ['GET /api/v1/jobs/', ['x-forwarded-proto: https', 'host: a b']],
  ['GET /auth/nonce', ['authorization: \x80']],
  ['POST /auth/login', ['content-type: application/json', 'content-length: 99999999999999999999']],
  ['POST /auth/login', ['content-type: application/json', 'content-length: 2'], '\xff\xff'],
  ['POST /auth/login', ['content-type: application/json', 'content-length: 14'], '{"nonce":"\\ud8"}'],
  ['POST /auth/login', ['transfer-encoding: chunked', 'content-type: application/json'], 'zz\r\n'],
  ['POST /auth/login', ['expect: 100-continue', 'content-length: 0']],
  ['POST /api/v1/job-docker/', ['content-type: application/json', 'content-length: 2'], '[]'],
  ['POST /api/v1/job-docker/', ['content-type: application/json; charset=utf-16', 'content-length: 2'], '{}'],
  ['PATCH /api/v1/jobs/'],
  ['GET /ws/v0/'],
  ['GET /ws/v0/', ['upgrade: websocket', 'connection: upgrade']],
  ['GET /ws/%ff/', ['upgrade: websocket', 'connection: upgrade']],
])('%s %j %j is answered, and with no failure of ours', async (line, headers, body) => {
  const answer = await answerTo(line, headers, body);
  expect(answer).toMatch(/^HTTP\/1.1 [1-4]\d\d /);
  expect(answer).not.toMatch(/^HTTP\/1.1 5\d\d /m);
  expect(facilitator.log.filter(({ level }) => level === 'error')).toEqual([]);
});

it('a user whose bodies do not arrive keeps nobody else waiting', async () => {
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect(Number(new URL(facilitator.url).port), '127.0.0.1');
    const all = ['host: x', `authorization: Bearer ${token}`, 'content-length: 2621440'];
    socket.write(`POST /api/v1/job-docker/ HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n{`);
    return socket;
  });
  let asked = 0;
  facilitator.app.getHttpServer().on('request', () => asked++);
  await expect.poll(() => asked).toBe(20);
  const other = await facilitator.allow(Keypair.generate().address);
  const answer = await postJson(`${facilitator.url}/api/v1/job-docker/`, 'x', {
    authorization: `Bearer ${other}`,
  });
  expect(answer.json.detail).toMatch(/^JSON parse error/);
  for (const socket of sockets) socket.destroy();
});

it('a sender that leaves in the middle of its body leaves no line in the log', async () => {
  const socket = connect(Number(new URL(facilitator.url).port), '127.0.0.1');
  socket.write(
    'POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    () => socket.resetAndDestroy(),
  );
  await answerTo('GET /auth/nonce');
  await answerTo('GET /auth/nonce');
  expect(facilitator.log.filter(({ level }) => level === 'error')).toEqual([]);
});

it('a sender whose body does not arrive within a minute is let go, and leaves no line in the log', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const socket = connect(Number(new URL(facilitator.url).port), '127.0.0.1');
  const closed = once(socket, 'close');
  socket.write(
    'POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  );
  await vi.waitUntil(() => vi.getTimerCount() > 0);
  await vi.advanceTimersByTimeAsync(60_000);
  await closed;
  vi.useRealTimers();
  await answerTo('GET /auth/nonce');
  expect(facilitator.log.filter(({ level }) => level === 'error')).toEqual([]);
});
