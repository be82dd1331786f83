import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { growthByHalfFrames, halfFrames } from '@horde/testing/half-frames';
import { connect, TrustedProxies, WebSocketRouter, type Connection, type UntrustedLimits } from './index.ts';

let http: Server;
let router: WebSocketRouter;
let base: string;
/** The frames that were handled, of all connections. */
let handled: string[];

beforeEach(async () => {
  http = createServer();
  router = new WebSocketRouter(new TrustedProxies(['127.0.0.1']));
  router.attach(http);
  handled = [];
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  base = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await router.close();
  await new Promise((resolve) => http.close(resolve));
});

/** An endpoint with these limits. Returns the connections that it has been given. */
function endpoint(untrusted: UntrustedLimits): Connection[] {
  const accepted: Connection[] = [];
  router.route(
    '/u',
    (connection) => {
      accepted.push(connection);
      connection.onText(
        async (text) => void handled.push(text),
        () => undefined,
      );
    },
    { untrusted },
  );
  return accepted;
}

const isRead = (connection: Connection) =>
  !(connection as unknown as { socket: { isPaused: boolean } }).socket.isPaused;

const open = (headers: Record<string, string> = {}) =>
  connect(`${base}/u`, {
    attempts: 1,
    headers,
    onOpening: (connection) =>
      connection.onText(
        async () => undefined,
        () => undefined,
      ),
  });

describe('a peer that is not trusted yet', () => {
  it('is read no further than its bound, and then again when it is trusted', async () => {
    const [a, b] = ['a'.repeat(9_000), 'b'.repeat(20_000_000)];
    const accepted = endpoint({ maxBytes: 10_000 });
    const client = await open();
    await client.sendText(a);
    await expect.poll(() => handled).toEqual([a]);
    const sent = client.sendText(b);
    await expect.poll(() => isRead(accepted[0]!)).toBe(false);
    expect(handled).toHaveLength(1);
    accepted[0]!.trust();
    await sent;
    await expect.poll(() => handled.length).toBe(2);
    client.close();
  });

  it('is not read at all with a bound of 0', async () => {
    const accepted = endpoint({ maxBytes: 0 });
    const client = await open();
    const other = await open();
    await client.sendText('1');
    await other.sendText('2');
    accepted[1]!.trust();
    await expect.poll(() => handled).toEqual(['2']);
    accepted[0]!.trust();
    await expect.poll(() => handled).toEqual(['2', '1']);
  });

  it('has no more than so many frames handled, also when it has left', async () => {
    const accepted = endpoint({ maxBytes: 10_000, maxFrames: 3 });
    const client = await open();
    for (let i = 1; i <= 5; i++) void client.sendText(String(i));
    client.close();
    await accepted[0]!.handled();
    expect(handled).toEqual(['1', '2', '3']);
  });

  it('is closed when its time is over, and cut when it does not leave', async () => {
    const accepted = endpoint({ maxBytes: 10, timeLimit: 50 });
    const [polite, held, trusted] = [await open(), await open(), await open()];
    accepted[2]!.trust();
    // More than is read of it: it is not seen to agree.
    void held.sendText('x'.repeat(1_000_000));
    expect((await polite.closed).code).toBe(1008);
    await accepted[1]!.closed;
    await trusted.sendText('still here');
    await expect.poll(() => handled).toEqual(['still here']);
    trusted.close();
  });

  it('is cut soon after it was refused, and leaves nothing in memory', async () => {
    const accepted = endpoint({ maxBytes: 10_000, timeLimit: null });
    const client = await open();
    (client as unknown as { socket: { pause(): void } }).socket.pause(); // answers no close
    await expect.poll(() => accepted).toHaveLength(1);
    accepted[0]!.close(1008, 'refused');
    expect(await accepted[0]!.closed).toMatchObject({ code: 1006 });
    client.terminate();
  });
});

describe('connections that are not trusted yet', () => {
  it('of one address are no more than so many; trusted ones and those of others do not count', async () => {
    const accepted = endpoint({ maxBytes: 10, maxPerAddress: 2 });
    const one = { 'X-Real-IP': '203.0.113.1' };
    const first = await open(one);
    await open(one);
    await expect(open(one)).rejects.toThrow('429');
    await open({ 'X-Real-IP': '203.0.113.2' });
    accepted[0]!.trust();
    await open(one);
    await expect(open(one)).rejects.toThrow('429');
    accepted[1]!.terminate();
    await accepted[1]!.closed;
    await open(one);
    first.close();
  });

  it('are no more than so many in all: for a further one the oldest is cut', async () => {
    const accepted = endpoint({ maxBytes: 10, maxConnections: 2 });
    const [trusted, oldest, second, third] = [await open(), await open(), await open(), await open()];
    expect((await trusted.closed).code).toBe(1006);
    expect((await oldest.closed).code).toBe(1006);
    accepted[2]!.trust();
    const fourth = await open();
    await open();
    expect((await third.closed).code).toBe(1006);
    expect([second, fourth].map(({ isOpen }) => isOpen)).toEqual([true, true]);
  });

  it('of one address that are opened and dropped all the time are refused; those that are trusted do not count', async () => {
    const accepted = endpoint({ maxBytes: 10, maxPerAddress: 2 });
    const from = async (address: string, isTrusted = false) => {
      const before = accepted.length;
      const client = await open({ 'X-Real-IP': address });
      if (isTrusted) accepted[before]!.trust();
      client.terminate();
      await accepted[before]!.closed;
    };
    for (let times = 0; times < 8; times++) await from('2001:db8::1', true);
    for (let times = 0; times < 4; times++) await from(`2001:db8::${times}`);
    // Whoever has one of these addresses has all of them.
    await expect(from('2001:DB8:0:0:5::5')).rejects.toThrow('429');
    await from('2001:db8:0:1::1');
    await from('203.0.113.1');
  });

  it('that send half frames fill no memory', async () => {
    endpoint({ maxBytes: 64 * 1024, timeLimit: 2_000 });
    const { count, size, mayGrowBy } = halfFrames;
    expect(await growthByHalfFrames(`${base}/u`, count, size)).toBeLessThan(mayGrowBy);
  });

  it('that send single bytes fill no memory', async () => {
    const accepted = endpoint({ maxBytes: 64 * 1024, timeLimit: null });
    const client = await open();
    const { socket } = client as unknown as { socket: { _socket: import('node:net').Socket } };
    // The header of a frame with a mask of zeros, and then its bytes one by one.
    socket._socket.setNoDelay(true);
    socket._socket.write(Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0]));
    for (let i = 0; i < 3_000; i++) {
      socket._socket.write('x');
      await new Promise((next) => setImmediate(next));
    }
    expect(isRead(accepted[0]!)).toBe(false);
    client.terminate();
  });
});
