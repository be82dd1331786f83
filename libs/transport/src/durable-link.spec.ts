import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Connection, DurableLink, WebSocketRouter } from './index.ts';

let http: Server;
let router: WebSocketRouter;
let base: string;

beforeEach(async () => {
  http = createServer();
  router = new WebSocketRouter();
  router.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  base = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await router.close();
  await new Promise((resolve) => http.close(resolve));
});

/** One end, which keeps what it says until it is acknowledged, and notes what it takes; a restart loses neither. */
class Peer {
  readonly taken: string[] = [];
  readonly plain: string[] = [];
  readonly bad: string[] = [];
  /** Number -> frame. */
  readonly kept = new Map<number, string>();
  private last = 0;
  link: DurableLink | null = null;
  /** Called after a message is committed and before it is acknowledged. */
  afterCommit: () => Promise<void> = async () => {};

  serve(connection: Connection): void {
    const link = new DurableLink(
      connection,
      {
        onMessage: async (_job, number, frame) => {
          if (number <= this.last) return;
          this.last = number;
          this.taken.push(frame);
          await this.afterCommit();
        },
        onAcknowledged: async (_job, number) => this.forget(number),
        onResume: async (_job, number) => {
          this.forget(number);
          void this.sendAll(link);
        },
        onPlain: async (frame) => void this.plain.push(frame),
        onBadFrame: (sentence) => this.bad.push(sentence),
      },
      () => {},
    );
    this.link = link;
  }

  resume(): void {
    void this.link!.resume('job', this.last);
  }

  private forget(number: number): void {
    for (const one of this.kept.keys()) if (one <= number) this.kept.delete(one);
  }

  private async sendAll(link: DurableLink): Promise<void> {
    for (const [number, frame] of [...this.kept]) if (!(await link.message('job', number, frame))) return;
  }
}

/** A wire that is cut whenever so many more bytes have passed. */
async function cuttingProxy(target: number, bytes: () => number) {
  const server = net.createServer((near) => {
    const far = net.connect(target, '127.0.0.1');
    let left = bytes();
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        to.write(chunk.subarray(0, Math.max(0, left)));
        left -= chunk.length;
        if (left <= 0) [near, far].forEach((socket) => socket.destroySoon());
      });
    pass(near, far);
    pass(far, near);
    for (const socket of [near, far])
      socket.on('error', () => {}).on('close', () => [near, far].forEach((one) => one.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/d`, close: () => server.close() };
}

const frames = (from: string, count: number) =>
  new Map(
    Array.from({ length: count }, (_, index) => [
      index * 3 + 1,
      `${from} ${index} ${'x'.repeat(index * 37)}`,
    ]),
  );

/** The two ends on one connection. */
async function pair(): Promise<{ client: Peer; server: Peer; connection: Connection }> {
  const [client, server] = [new Peer(), new Peer()];
  router.route('/d', (connection) => server.serve(connection), { extensions: ['durable-1'] });
  const connection = await connect(`${base}/d`, {
    attempts: 1,
    extensions: ['durable-1'],
    onOpening: (opening) => client.serve(opening),
  });
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
      const proxy = await cuttingProxy((http.address() as AddressInfo).port, () => 300 + random() * 40_000);
      let connections = 0;
      while (client.kept.size + server.kept.size > 0) {
        connections++;
        const connection = await connect(proxy.url, {
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
