import { LOGGER } from '@horde/operations';
import { once } from 'node:events';
import net from 'node:net';
import { executorPath } from '@horde/protocol';
import type { Extension } from '@horde/transport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { DurablePeer } from '@horde/testing/durable-peer';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
let complaints: Mock[];

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
beforeEach(() => {
  const logger = miner.part<Record<'warn' | 'error', Mock>>(LOGGER);
  complaints = [vi.spyOn(logger, 'warn'), vi.spyOn(logger, 'error')];
});
afterEach(async () => {
  expect(complaints.flatMap(({ mock }) => mock.calls)).toEqual([]);
  vi.restoreAllMocks();
  // Whatever came, the next executor is let in.
  const { job_uuid } = await (await miner.validator()).accepted();
  await miner.executor(await miner.manager.token(job_uuid));
});
afterAll(() => miner.close());

const readable = [
  '%00',
  '%2F..',
  '..%2F..%2Fversion',
  '%25%30%30',
  'a%0Ab',
  "'%20or%20''%3D'",
  '%F0%9F%92%A5',
  '%EF%BF%BF',
  'x'.repeat(201),
  'x'.repeat(10_000),
];
const short = (token: string) => (token.length > 100 ? `${token.length} characters` : token);
/** As what an executor connects, and what its token begins with. */
const kinds: [string, string, Extension[]][] = [
  ['plain v0', '', []],
  ['durable-1', '', ['durable-1']],
  ['a warm one', 'warm-', ['durable-1', 'warm-1']],
];

describe.each(kinds)('a token that no executor was given, on %s', (_name, prefix, extensions) => {
  it('is refused once, whatever is in it', async () => {
    // Each is told after a moment: they wait for it side by side.
    const refusals = readable.map(async (token) => {
      const peer = await DurablePeer.connect(miner.url + executorPath(prefix + token), extensions);
      const { code } = await peer.connection.closed;
      return [short(token), code, peer.heard];
    });
    const complaint = { details: 'This token belongs to no job that waits for an executor.' };
    expect(await Promise.all(refusals)).toMatchObject(
      readable.map((token) => [short(token), 1008, [{ is: 'plain', frame: complaint }]]),
    );
  });
});

/** The first line of the miner's answer to an upgrade of exactly this path. */
async function statusOf(path: string): Promise<string> {
  const socket = net.connect(Number(new URL(miner.url).port), '127.0.0.1');
  const head = ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  socket.write(Buffer.from(`GET ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n`, 'latin1'));
  socket.write('Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString('latin1').split('\r\n', 1)[0]!;
}

describe('a path that no token can be read from', () => {
  it.each(['', '%', '%zz', '%ff', '%C3%28', '%ED%A0%80', 'a/b', '%00/'])(
    'is none of the miner’s: %j',
    async (token) => {
      expect(await statusOf(executorPath(token))).toBe('HTTP/1.1 404 Not Found');
    },
  );

  it('may be too long to be read at all', async () => {
    const status = await statusOf(executorPath('x'.repeat(20_000)));
    expect(status).toBe('HTTP/1.1 431 Request Header Fields Too Large');
  });

  it('may have bytes that no path has', async () => {
    expect(await statusOf(executorPath('\xff\xfe'))).toBe('HTTP/1.1 400 Bad Request');
  });
});
