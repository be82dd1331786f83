import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { heartbeats } from './heartbeats.ts';
import { connect, type Connection, limits, WebSocketRouter } from './index.ts';

let http: Server;
let router: WebSocketRouter;
let url: string;
const nothing = { onOpening: () => undefined };

beforeEach(async () => {
  http = createServer();
  router = new WebSocketRouter();
  router.attach(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  vi.useRealTimers();
  await router.close();
  await new Promise((resolve) => http.close(resolve));
});

it('a route that admits nobody answers with 429, and the others go on', async () => {
  let full = true;
  const asked: string[] = [];
  router.route('/a/:name', () => undefined, {
    admit: ({ params, remoteAddress }) => {
      asked.push(`${params['name']} from ${remoteAddress}`);
      return !full;
    },
  });
  await expect(connect(`${url}/a/x`, { ...nothing, attempts: 1 })).rejects.toThrow('429');
  full = false;
  await connect(`${url}/a/y`, { ...nothing, attempts: 1 });
  expect(asked).toEqual(['x from 127.0.0.1', 'y from 127.0.0.1']);
});

describe('what a peer has sent before its connection ends here', () => {
  /** A connection whose first frame is still being handled and whose second one waits. */
  async function busy() {
    const first = Promise.withResolvers<void>();
    let bytesRead = () => 0;
    http.once('connection', (socket) => (bytesRead = () => socket.bytesRead));
    const handled: string[] = [];
    let there!: Connection;
    router.route('/', (connection) => {
      there = connection;
      connection.onText(
        async (text) => {
          if (text === '1') await first.promise;
          handled.push(text);
        },
        () => undefined,
      );
    });
    const here = await connect(`${url}/`, { ...nothing, attempts: 1 });
    const before = bytesRead();
    await here.sendText('1');
    await here.sendText('2');
    // A frame of one character is one of seven bytes.
    await expect.poll(() => bytesRead() - before).toBe(14);
    return { here, there, handled, goOn: first.resolve };
  }

  it('is handled when it is cut, as if the network had lost it', async () => {
    const { here, there, handled, goOn } = await busy();
    there.cut();
    expect((await here.closed).code).toBe(1006);
    goOn();
    await there.handled();
    expect(handled).toEqual(['1', '2']);
  });

  it('is handled when the service stops and takes the time for it', async () => {
    const { there, handled, goOn } = await busy();
    await router.close({ handleRest: true });
    goOn();
    await there.handled();
    expect(handled).toEqual(['1', '2']);
  });

  it('is dropped when we have closed it', async () => {
    const { there, handled, goOn } = await busy();
    there.close();
    goOn();
    await there.handled();
    expect(handled).toEqual(['1']);
  });
});

it('a peer that sends binary frames and takes no answer is read no further, and they count in their order', async () => {
  const answered = Promise.withResolvers<void>();
  const seen: string[] = [];
  router.route('/', (connection) =>
    connection.onText(
      async (text) => void seen.push(text),
      async () => {
        seen.push('binary');
        await answered.promise;
      },
    ),
  );
  const peer = new WebSocket(`${url}/`);
  await once(peer, 'open');
  const frames = 2 * limits.waitingFrames;
  for (let i = 0; i < frames; i++) peer.send(Buffer.from('x'));
  // The peer has no other way to tell that all of it has left.
  await new Promise((resolve) => peer.send('text', resolve));
  await expect.poll(() => seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(['binary']);
  answered.resolve();
  await expect.poll(() => seen.at(-1)).toBe('text');
  expect(seen).toHaveLength(frames + 1);
  peer.terminate();
});

describe('the heartbeats of a process', () => {
  const heart = () => ({ turn: 0, beat: vi.fn<() => void>() });

  it('need one timer, ask each once in an interval, and not all at once', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const hearts: ReturnType<typeof heart>[] = [];
    for (let i = 0; i < 40; i++) {
      hearts.push(heart());
      heartbeats.add(hearts[i]!);
      vi.advanceTimersByTime(limits.heartbeat / 40);
    }
    expect(vi.getTimerCount()).toBe(1);
    for (const one of hearts) one.beat.mockClear();
    const asked = () => hearts.filter(({ beat }) => beat.mock.calls.length > 0).length;
    vi.advanceTimersByTime(limits.heartbeat / 4);
    expect(asked()).toBeGreaterThan(5);
    expect(asked()).toBeLessThan(15);
    vi.advanceTimersByTime((limits.heartbeat * 3) / 4);
    expect(hearts.map(({ beat }) => beat.mock.calls.length)).toEqual(hearts.map(() => 1));
    for (const one of hearts) heartbeats.delete(one);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ask nobody twice who comes while others are asked, and nobody who has gone', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const [first, late] = [heart(), heart()];
    heartbeats.add(first);
    first.beat.mockImplementationOnce(() => heartbeats.add(late));
    vi.advanceTimersByTime(limits.heartbeat);
    expect([first.beat.mock.calls.length, late.beat.mock.calls.length]).toEqual([1, 0]);
    heartbeats.delete(first);
    vi.advanceTimersByTime(limits.heartbeat);
    expect([first.beat.mock.calls.length, late.beat.mock.calls.length]).toEqual([1, 1]);
    heartbeats.delete(late);
  });
});
