import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, type Connection, limits, Link, WebSocketRouter } from './index.ts';

const mebibyte = 1024 * 1024;
const nothing = {
  onOpening: (connection: Connection) =>
    connection.onText(
      async () => undefined,
      () => undefined,
    ),
};

let http: Server;
let router: WebSocketRouter;
let port: number;
/** The server's side of the connections. */
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  http = createServer().on('connection', (socket) => sockets.push(socket));
  router = new WebSocketRouter();
  router.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  port = (http.address() as AddressInfo).port;
});

afterEach(async () => {
  vi.useRealTimers();
  await router.close();
  await new Promise((resolve) => http.close(resolve));
});

/** A peer that speaks to the socket itself: it answers no ping, and reads only when it is told to. */
async function rawPeer(path: string): Promise<Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  return socket;
}

/** The server's connection to a raw peer whose socket is no longer read, once it is open. */
async function connected(handle: (text: string) => Promise<void> = async () => undefined) {
  const accepted = new Promise<Connection>((resolve) =>
    router.route('/v', (connection) => {
      connection.onText(handle, () => undefined);
      resolve(connection);
    }),
  );
  const peer = await rawPeer('/v');
  await once(peer, 'data');
  peer.pause();
  return { peer, connection: await accepted };
}

/** The beginning of a text frame of a client, masked with zeroes. */
function frameHeader(length: number): Buffer {
  const header = Buffer.alloc(14);
  header.set([0x81, 0xff]);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

const heartbeats = (count: number) => vi.advanceTimersByTime(count * limits.heartbeat);

describe('an upgrade of a path that no route knows', () => {
  it('whose peer resets the connection ends nothing but that connection', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown) => uncaught.push(error);
    process.on('uncaughtException', note);
    const peer = await rawPeer('/nowhere');
    await once(http, 'upgrade');
    peer.resetAndDestroy();
    await expect.poll(() => sockets[0]!.destroyed).toBe(true);
    process.off('uncaughtException', note);
    expect(uncaught).toEqual([]);
  });

  it('does not keep the socket of a peer that never closes', async () => {
    const peer = await rawPeer('/nowhere');
    peer.resume();
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
    peer.destroy();
  });
});

it('a router that closes takes no more connections', async () => {
  router.route('/v', (connection) => nothing.onOpening(connection));
  const closing = router.close();
  await expect(connect(`ws://127.0.0.1:${port}/v`, { attempts: 1, ...nothing })).rejects.toThrow('503');
  await closing;
});

describe('the heartbeat', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));

  it('cuts a peer that gives no sign of life', async () => {
    const { connection, peer } = await connected();
    heartbeats(3);
    expect((await connection.closed).code).toBe(1006);
    peer.destroy();
  });

  it('leaves a peer that needs long to send a large frame, which cannot answer meanwhile', async () => {
    const { connection, peer } = await connected();
    peer.write(frameHeader(mebibyte));
    for (let part = 1; part <= 6; part++) {
      const before = sockets[0]!.bytesRead;
      peer.write(Buffer.alloc(1_000, 'a'));
      await expect.poll(() => sockets[0]!.bytesRead).toBeGreaterThan(before);
      heartbeats(1);
    }
    expect(connection.isOpen).toBe(true);
    peer.destroy();
  });

  it('gives a peer time to take a large frame, and cuts it when it does not', async () => {
    const { connection, peer } = await connected();
    const sent = connection.sendText('a'.repeat(40 * mebibyte));
    heartbeats(10);
    expect(connection.isOpen).toBe(true);
    heartbeats(12);
    expect((await connection.closed).code).toBe(1006);
    expect(await sent).toBe(false);
    peer.destroy();
  });

  it('leaves a peer that is not read because its frames are still being handled', async () => {
    const done = Promise.withResolvers<void>();
    const { connection, peer } = await connected(() => done.promise);
    const frame = Buffer.concat([frameHeader(1), Buffer.from('a')]);
    peer.write(Buffer.concat(Array.from({ length: limits.waitingFrames }, () => frame)));
    await expect.poll(() => sockets[0]!.isPaused()).toBe(true);
    heartbeats(4);
    expect(connection.isOpen).toBe(true);
    done.resolve();
    await expect.poll(() => sockets[0]!.isPaused()).toBe(false);
    peer.destroy();
  });
});

it('a peer that sends large frames faster than they are handled is not read further', async () => {
  const done = Promise.withResolvers<void>();
  let handled = 0;
  router.route('/v', (connection) =>
    connection.onText(
      async () => {
        await done.promise;
        handled++;
      },
      () => undefined,
    ),
  );
  const client = await connect(`ws://127.0.0.1:${port}/v`, nothing);
  const sends = Array.from({ length: 8 }, () => client.sendText('a'.repeat(6 * mebibyte)));
  await expect.poll(() => sockets[0]!.isPaused()).toBe(true);
  expect(sockets[0]!.bytesRead).toBeLessThan(20 * mebibyte);
  done.resolve();
  await Promise.all(sends);
  await expect.poll(() => handled).toBe(8);
  client.close();
});

it('a link is closed within moments, also when the peer does not answer', async () => {
  const opened = Promise.withResolvers<void>();
  router.route('/v', () => undefined);
  const link = new Link({
    url: `ws://127.0.0.1:${port}/v`,
    ...nothing,
    greet: async () => undefined,
    onUp: () => opened.resolve(),
  });
  await opened.promise;
  sockets[0]!.pause();
  const started = performance.now();
  await link.close();
  expect(performance.now() - started).toBeLessThan(3_000);
});
