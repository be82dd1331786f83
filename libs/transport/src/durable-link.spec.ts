import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import {
  connect,
  type Connection,
  type DurableLink,
  type Extension,
  limits,
  WebSocketRouter,
} from './index.ts';
import { Peer } from './testing/durable-peer.ts';

let http: Server;
let router: WebSocketRouter;
let base: string;
/** Closed at the end of each spec: the process has one timer for the heartbeats of all. */
let clients: Connection[];

beforeEach(async () => {
  http = createServer();
  router = new WebSocketRouter();
  clients = [];
  router.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  base = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await router.close();
  await Promise.all(clients.map(({ closed }) => closed));
  await new Promise((resolve) => http.close(resolve));
});

const frames = (from: string, count: number) =>
  new Map(
    Array.from({ length: count }, (_, index) => [
      index * 3 + 1,
      `${from} ${index} ${'x'.repeat(index * 37)}`,
    ]),
  );

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** The two ends on one connection. */
async function pair(
  extensions: Extension[] = ['durable-1'],
): Promise<{ client: Peer; server: Peer; connection: Connection }> {
  const [client, server] = [new Peer(), new Peer()];
  router.route('/d', (connection) => server.serve(connection), { extensions });
  const connection = await connect(`${base}/d`, {
    attempts: 1,
    extensions,
    onOpening: (opening) => client.serve(opening),
  });
  clients.push(connection);
  return { client, server, connection };
}

describe('a connection that is cut again and again, at any byte', () => {
  it.each([1, 2, 3, 4])(
    'loses nothing, and brings everything once and in order, both ways (%i)',
    async (seed) => {
      let state = seed;
      const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
      const [client, server] = [new Peer(), new Peer()];
      const said = { client: frames('client', 60), server: frames('server', 60) };
      for (const [number, frame] of said.client) client.kept.set(number, frame);
      for (const [number, frame] of said.server) server.kept.set(number, frame);
      router.route(
        '/d',
        (connection) => {
          server.serve(connection);
          server.resume();
        },
        { extensions: ['durable-1'] },
      );
      const proxy = await openFaultProxy((http.address() as AddressInfo).port, () => 300 + random() * 40_000);
      let connections = 0;
      while (client.kept.size + server.kept.size > 0) {
        connections++;
        const connection = await connect(`ws://127.0.0.1:${proxy.port}/d`, {
          firstPause: 1,
          extensions: ['durable-1'],
          onOpening: (opening) => client.serve(opening),
        }).catch(() => null);
        if (!connection) continue;
        client.resume();
        const done = (async () => {
          while (client.kept.size + server.kept.size > 0) await sleep(1);
        })();
        await Promise.race([connection.closed, done]);
        connection.terminate();
        await connection.handled();
      }
      proxy.close();
      expect(server.taken).toEqual([...said.client.values()]);
      expect(client.taken).toEqual([...said.server.values()]);
      expect(connections).toBeGreaterThan(3);
    },
  );
});

describe('a numbered message', () => {
  it('is acknowledged only once it is committed', async () => {
    const { client, server } = await pair();
    const committed = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    server.afterCommit = async () => {
      taken.resolve();
      await committed.promise;
    };
    client.kept.set(7, '{"a":1}');
    await client.link!.message('job', 7, '{"a":1}');
    await taken.promise;
    expect(client.kept.size).toBe(1);
    committed.resolve();
    await expect.poll(() => client.kept.size).toBe(0);
  });

  it('keeps its frame as it is, line ends and all', async () => {
    const { client, server } = await pair();
    const frame = '{"text":"ŻÓŁW 😀",\n "n": 1.0}\n';
    await client.link!.message('job', 1, frame);
    await expect.poll(() => server.taken).toEqual([frame]);
  });

  it('waits when the peer does not acknowledge, and goes on when it does', async () => {
    const { client, server } = await pair();
    const hold = Promise.withResolvers<void>();
    server.afterCommit = () => hold.promise;
    let sent = 0;
    for (let number = 1; number <= 200; number++)
      void client.link!.message('job', number, `${number}`).then(() => sent++);
    await expect.poll(() => sent).toBe(64);
    await sleep(20);
    expect(sent).toBe(64);
    hold.resolve();
    await expect.poll(() => server.taken.length).toBe(200);
    expect(server.taken).toEqual(Array.from({ length: 200 }, (_, index) => `${index + 1}`));
  });

  it('that waits is given back when the connection ends', async () => {
    const { client, server, connection } = await pair();
    server.afterCommit = () => new Promise(() => {});
    for (let number = 1; number <= 64; number++) void client.link!.message('job', number, 'x');
    const waiting = client.link!.message('job', 65, 'x');
    connection.terminate();
    expect(await waiting).toBe(false);
  });
});

describe('an acknowledgement', () => {
  it('tells of what was sent, and not of what waits', async () => {
    const { client, server } = await pair();
    server.afterCommit = () => new Promise(() => {});
    const told: number[] = [];
    for (const number of range(70)) void client.link!.message('job', number, 'x', () => told.push(number));
    await server.link!.plain('["ack","job",9007199254740991]');
    await expect.poll(() => told.toSorted((a, b) => a - b)).toEqual(range(64));
  });
});

describe('a peer that sends more than may be without an acknowledgement', () => {
  it('is cut, and no more of it is handled', async () => {
    const { client, server } = await pair();
    const taken: number[] = [];
    server.take = (number) => {
      taken.push(number);
      return { committed: new Promise<boolean>(() => {}) };
    };
    for (const number of range(100)) void client.link!.plain(`["message","job",${number}]\nx`);
    expect((await server.connection!.closed).code).toBe(1006);
    expect(taken).toEqual(range(64));
    expect(server.errors).toHaveLength(1);
  });
});

describe('numbered messages of many senders', () => {
  it('go in the order in which they were asked for, also where one comes just as room is made', async () => {
    const { client, server } = await pair();
    const hold = Promise.withResolvers<void>();
    server.afterCommit = () => hold.promise;
    let last = 0;
    const say = (): Promise<boolean> => client.link!.message('job', ++last, `${last}`);
    // Each acknowledgement is answered with one more message, while the first ones still wait for their turn.
    client.afterAck = () => void (last < 300 && say());
    for (let count = 0; count < 200; count++) void say();
    hold.resolve();
    await expect.poll(() => server.taken.length).toBe(300);
    expect(server.taken).toEqual(Array.from({ length: 300 }, (_, index) => `${index + 1}`));
  });
});

describe('two peers that both send as much as they may', () => {
  it('do not wait for each other for ever', async () => {
    const { client, server } = await pair();
    const frame = 'x'.repeat(200_000);
    const flood = async (peer: Peer) => {
      for (let number = 1; number <= 100; number++) {
        void peer.link!.plain(frame);
        await peer.link!.message('job', number, frame);
      }
    };
    await Promise.all([flood(client), flood(server)]);
    await expect
      .poll(() => [client.taken.length, server.taken.length], { timeout: 20_000 })
      .toEqual([100, 100]);
  });
});

describe('a peer that is cut off without a word', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('is given up by the heartbeat, and what waits for its acknowledgements is given back', async () => {
    const { client, server, connection } = await pair();
    server.afterCommit = () => new Promise(() => {});
    for (let number = 1; number <= 64; number++) void client.link!.message('job', number, 'x');
    const waiting = client.link!.message('job', 65, 'x');
    // Neither end reads any more: as on a wire that has been pulled.
    for (const { socket } of [connection, server.connection!] as unknown as { socket: WebSocket }[])
      (socket as unknown as { _socket: Socket })._socket.pause();
    vi.advanceTimersByTime(4 * limits.heartbeat);
    expect((await connection.closed).code).toBe(1006);
    expect(await waiting).toBe(false);
  });
});

describe('a peer that takes messages and acknowledges none', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is cut off when it acknowledges none for 30 s while others wait', async () => {
    const { client, server, connection } = await pair();
    const first = Promise.withResolvers<void>();
    let taken = 0;
    server.afterCommit = () => (++taken === 1 ? first.promise : new Promise(() => {}));
    for (let number = 1; number <= 64; number++) void client.link!.message('job', number, 'x');
    const [goes, waits] = [client.link!.message('job', 65, 'x'), client.link!.message('job', 66, 'x')];
    await expect.poll(() => taken).toBe(1);
    vi.advanceTimersByTime(15_000);
    first.resolve();
    expect(await goes).toBe(true);
    vi.advanceTimersByTime(29_000);
    expect(connection.isOpen).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(await waits).toBe(false);
  });
});

describe('a message to an end that is not ready', () => {
  it('is not acknowledged, and comes again when the connection is resumed', async () => {
    const { client, server, connection } = await pair();
    server.isReady = false;
    client.kept.set(1, 'later');
    await client.link!.message('job', 1, 'later');
    await client.link!.plain('after it');
    await expect.poll(() => server.plain).toEqual(['after it']);
    expect(client.kept.size).toBe(1);
    connection.terminate();
    server.isReady = true;
    await connect(`${base}/d`, {
      extensions: ['durable-1'],
      onOpening: (opening) => client.serve(opening),
    });
    server.resume();
    await expect.poll(() => server.taken).toEqual(['later']);
    await expect.poll(() => client.kept.size).toBe(0);
  });
});

describe('a peer that asks again for what it has been sent', () => {
  it.each<[string, (link: DurableLink) => Promise<unknown>]>([
    ['resumes a job twice', async (link) => [await link.resume('job', 1), await link.resume('job', 2)]],
    [
      'resumes other jobs than any has',
      (link) => Promise.all(range(5_000).map((n) => link.resume(`j${n}`, 0))),
    ],
  ])('and %s has its connection closed', async (_name, ask) => {
    const { client, server } = await pair();
    void ask(server.link!);
    expect((await server.connection!.closed).code).toBe(1008);
    expect(client.resumes).toBeLessThanOrEqual(4_096);
  });

  it('has its connection closed also when it goes back behind what it has acknowledged', async () => {
    const { client, server } = await pair();
    await client.link!.message('job', 7, 'seven');
    await expect.poll(() => server.taken).toEqual(['seven']);
    await server.link!.resume('job', 6);
    expect((await server.connection!.closed).code).toBe(1008);
    expect(client.resumes).toBe(0);
  });

  it('may acknowledge again what it has acknowledged: that is told once', async () => {
    const { client, server } = await pair();
    let acks = 0;
    client.afterAck = () => acks++;
    for (let i = 0; i < 1_000; i++) void server.link!.plain('["ack","job",5]');
    await server.link!.plain('done');
    await expect.poll(() => client.plain).toEqual(['done']);
    expect(acks).toBe(1);
  });
});

describe('messages for a peer that acknowledges none', () => {
  it('are no more than so many: then the connection is cut, and they go on the next one', async () => {
    const { client, server, connection } = await pair();
    server.afterCommit = () => new Promise(() => {});
    const sent = range(2_000).map((number) => client.link!.message('job', number, 'x'));
    expect((await connection.closed).code).toBe(1006);
    expect(new Set(await Promise.all(sent)).has(false)).toBe(true);
  });

  it('are no more than so many characters', async () => {
    const { client, server, connection } = await pair();
    server.afterCommit = () => new Promise(() => {});
    const frame = 'x'.repeat(20_000_000);
    for (const number of range(10)) void client.link!.message('job', number, frame);
    expect((await connection.closed).code).toBe(1006);
  });
});

describe('a connection that has not agreed on durable-1', () => {
  it('knows no numbered messages: what looks like one is a plain frame', async () => {
    const { client, server } = await pair([]);
    await client.link!.plain('["ack","job",1]');
    await expect.poll(() => server.plain).toEqual(['["ack","job",1]']);
  });
});

describe('a frame of the plain protocol', () => {
  it('goes beside the numbered ones', async () => {
    const { client, server } = await pair();
    await client.link!.plain('{"message_type":"GenericError"}');
    await expect.poll(() => server.plain).toEqual(['{"message_type":"GenericError"}']);
  });
});

describe('a line that is none', () => {
  it.each([
    '[',
    '["message","job",1]',
    '["ack","job",1]\n{}',
    '["ack","job",-1]',
    '["ack","job",1.5]',
    '["ack","job",9999999999999999]',
    '["ack","a b",1]',
    `["ack","${'a'.repeat(65)}",1]`,
    '["steal","job",1]',
    '["ack","job",1,2]',
  ])('gets one complaint and changes nothing: %j', async (text) => {
    const { client, server } = await pair();
    client.kept.set(1, 'kept');
    await server.link!.plain(text);
    await expect.poll(() => client.bad).toHaveLength(1);
    expect(client.kept.size).toBe(1);
  });
});
