import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AcceptJob, type GenericError, make, minerToValidator, VolumesReady } from '@horde/protocol';
import { serveProxy } from '@horde/testing/http-proxy';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { connect, Connection, limits, Link, readFrame, WebSocketRouter } from './index.ts';

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

/** A server side that reads what a miner sends. */
function listen(
  path: string,
  onMessage: (message: object) => void,
  bad: string[] = [],
  failures: unknown[] = [],
) {
  return new Promise<Connection>((resolve) =>
    router.route(path, (connection) => {
      connection.serve({
        receive: async (text) => {
          const frame = await readFrame(minerToValidator, text, (sentence) => {
            bad.push(sentence);
            return connection.sendError(sentence);
          });
          if (frame) onMessage(frame.message);
        },
        onError: (error) => failures.push(error),
      });
      resolve(connection);
    }),
  );
}

const open = (url: string, frames: string[] = []) =>
  connect(url, {
    attempts: 1,
    onOpening: (connection) =>
      connection.onText(
        async (text) => void frames.push(text),
        () => undefined,
      ),
  });

describe('a path', () => {
  it('with a token reaches its route with the token decoded', async () => {
    const params = new Promise((resolve) =>
      router.route('/x/:token', (_connection, upgrade) => resolve(upgrade.params)),
    );
    const client = await open(`${base}/x/a%20b`);
    expect(await params).toEqual({ token: 'a b' });
    client.close();
  });

  it.each(['/nowhere', '/x/', '/x/a/b', '/x/%zz'])(
    'that no route knows is answered with 404: %s',
    async (path) => {
      router.route('/x/:token', () => undefined);
      await expect(open(base + path)).rejects.toThrow('404');
    },
  );
});

it('frames are handled one after another, in the order in which they were sent', async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) =>
    router.route('/slow', (connection) =>
      connection.onText(
        async (text) => {
          order.push(`begin ${text}`);
          await new Promise((next) => setImmediate(next));
          order.push(`end ${text}`);
          if (text === '200') resolve();
        },
        () => undefined,
      ),
    ),
  );
  const client = await open(`${base}/slow`);
  for (let i = 1; i <= 200; i++) void client.sendText(String(i));
  await done;
  expect(order).toEqual(Array.from({ length: 200 }, (_, i) => [`begin ${i + 1}`, `end ${i + 1}`]).flat());
  client.close();
});

it('a bad frame gets one clear error, and the next good one is handled', async () => {
  const seen: unknown[] = [];
  const bad: string[] = [];
  const server = listen('/v', (message) => seen.push(message), bad);
  const answers: string[] = [];
  let answered!: () => void;
  const bothAnswered = new Promise<void>((resolve) => (answered = resolve));
  const client = await connect(`${base}/v`, {
    onOpening: (connection) =>
      connection.onText(
        async (text) => void (answers.push(text) === 2 && answered()),
        () => undefined,
      ),
  });
  await client.sendText('{"message_type":"V0AcceptJobRequest"}');
  await client.sendText('not json');
  await client.send(make(AcceptJob, { job_uuid: 'a' }));
  await bothAnswered;
  client.close();
  await (
    await server
  ).closed;
  expect(bad).toEqual(['job_uuid: is required', expect.stringContaining('This is not valid JSON')]);
  expect(seen).toEqual([make(AcceptJob, { job_uuid: 'a' })]);
  expect(answers.map((text) => (JSON.parse(text) as GenericError).details)).toEqual(bad);
});

it('a frame over the limit closes the connection with 1009', async () => {
  const server = listen('/v', () => undefined);
  const client = await open(`${base}/v`);
  void client.sendText('x'.repeat(limits.maxFrame + 1));
  expect((await client.closed).code).toBe(1009);
  await (
    await server
  ).closed;
});

it('a handler that throws closes the connection with 1011, and later frames are not handled', async () => {
  const seen: unknown[] = [];
  const failures: unknown[] = [];
  const handle = (message: object) => {
    if (message instanceof AcceptJob) throw new Error('broken');
    seen.push(message);
  };
  void listen('/v', handle, [], failures);
  const client = await open(`${base}/v`);
  void client.send(make(AcceptJob, { job_uuid: 'a' }));
  void client.send(make(VolumesReady, { job_uuid: 'a' }));
  expect((await client.closed).code).toBe(1011);
  expect(failures).toEqual([new Error('broken')]);
  expect(seen).toEqual([]);
});

it('a peer that keeps its connection alive with PING is not answered', async () => {
  const seen: unknown[] = [];
  const bad: string[] = [];
  const server = listen('/v', (message) => seen.push(message), bad);
  const client = await open(`${base}/v`);
  void client.sendText('PING');
  void client.send(make(AcceptJob, { job_uuid: 'a' }));
  client.close();
  await (await server).handled();
  expect([seen.length, bad]).toEqual([1, []]);
});

it('an error quotes no more of a frame than its beginning, and waits for no peer that takes none', async () => {
  const { sendError } = Connection.prototype;
  const sent: { details: string }[] = [];
  const taken = Promise.withResolvers<boolean>();
  const connection = Object.assign(Object.create(Connection.prototype) as object, {
    untakenErrors: 0,
    send: (message: { details: string }) => (sent.push(message), taken.promise),
  }) as unknown as Connection;
  const errors = Array.from({ length: 1_000 }, () => sendError.call(connection, 'x'.repeat(10_000)));
  expect(sent).toHaveLength(limits.untakenErrors);
  expect(sent[0]!.details).toHaveLength(limits.maxErrorLength);
  taken.resolve(true);
  await Promise.all(errors);
  await connection.sendError('again');
  expect(sent.at(-1)!.details).toBe('again');
});

it('no compression is negotiated, also when the client offers it', async () => {
  const extensions = new Promise((resolve) =>
    router.route('/v', (connection) =>
      resolve((connection as unknown as { socket: { extensions: string } }).socket.extensions),
    ),
  );
  const { WebSocket } = await import('ws');
  const client = new WebSocket(`${base}/v`, { perMessageDeflate: true });
  await new Promise((resolve) => client.once('open', resolve));
  expect(await extensions).toBe('');
  client.terminate();
});

describe('a link', () => {
  it('comes back after the connection is lost, and greets again', async () => {
    const greetings: string[] = [];
    let second!: () => void;
    const came = new Promise<void>((resolve) => (second = resolve));
    router.route('/v', (connection) =>
      connection.onText(
        async (text) => {
          greetings.push(text);
          if (greetings.length === 1) connection.terminate();
          else second();
        },
        () => undefined,
      ),
    );
    const downs: string[] = [];
    const link = new Link({
      url: `${base}/v`,
      onOpening: (connection) =>
        connection.onText(
          async () => undefined,
          () => undefined,
        ),
      greet: async (connection) => void (await connection.sendText('hello')),
      onDown: (why) => downs.push(why),
    });
    await came;
    expect(greetings).toEqual(['hello', 'hello']);
    expect(downs).toEqual(['closed with 1006']);
    await link.close();
  });

  it('keeps nothing of the attempts that failed', async () => {
    const signal = new AbortController().signal;
    for (const _ of [1, 2])
      await expect(
        connect(`${base}/nowhere`, { attempts: 2, firstPause: 1, signal, onOpening: () => undefined }),
      ).rejects.toThrow('404');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is opened ever more slowly when the peer accepts it and leaves at once', async () => {
    let calls = 0;
    const start = performance.now();
    await new Promise<void>((resolve) => {
      router.route('/v', (connection) => {
        connection.close(1011);
        if (++calls === 5) resolve();
      });
      const link = new Link({
        url: `${base}/v`,
        onOpening: () => undefined,
        greet: async () => undefined,
        onUp: () => calls === 5 && void link.close(),
      });
    });
    // 100, 200, 400 and 800 ms, each at least half as long.
    expect(performance.now() - start).toBeGreaterThan(745);
  });

  it('is not up while its greeting is not answered, and tries again when it is refused', async () => {
    let tries = 0;
    const up = new Promise<number>((resolve) => {
      router.route('/v', (connection) =>
        connection.onText(
          async () => undefined,
          () => undefined,
        ),
      );
      const link = new Link({
        url: `${base}/v`,
        onOpening: (connection) =>
          connection.onText(
            async () => undefined,
            () => undefined,
          ),
        greet: async () => {
          if (++tries < 3) throw new Error('refused');
        },
        onUp: () => {
          resolve(tries);
          void link.close();
        },
      });
    });
    expect(await up).toBe(3);
  });
});

describe('the extensions of a connection', () => {
  const answered = async (known: Parameters<typeof router.route>[2], asked: string | undefined) => {
    router.route(
      '/e',
      (connection) => void connection.sendText(JSON.stringify({ picked: [...connection.extensions] })),
      known,
    );
    const socket = new WebSocket(`${base}/e`, {
      headers: asked === undefined ? {} : { 'X-Horde-Extensions': asked },
    });
    const header = once(socket, 'upgrade').then(
      ([response]) => (response as IncomingMessage).headers['x-horde-extensions'] ?? null,
    );
    const [data] = (await once(socket, 'message')) as [Buffer];
    socket.terminate();
    return { header: await header, ...(JSON.parse(data.toString()) as { picked: string[] }) };
  };

  it('are those that both ends know, and are named in the answer', async () => {
    expect(
      await answered({ extensions: ['durable-1', 'cancel-1'] }, 'logs-1,  Durable-1 , durable-2, cancel-1'),
    ).toEqual({ header: 'durable-1, cancel-1', picked: ['durable-1', 'cancel-1'] });
  });

  it('are none where one end knows none, and the answer says nothing of them', async () => {
    expect(await answered({ extensions: ['durable-1'] }, undefined)).toEqual({ header: null, picked: [] });
    expect(await answered({ extensions: ['durable-1'] }, 'x')).toEqual({ header: null, picked: [] });
  });

  it('are known to the end that asked', async () => {
    router.route('/e', () => {}, { extensions: ['durable-1', 'warm-1'] });
    const connection = await connect(`${base}/e`, {
      attempts: 1,
      extensions: ['logs-1', 'durable-1'],
      onOpening: () => {},
    });
    expect([...connection.extensions]).toEqual(['durable-1']);
    connection.close();
  });
});

describe('a peer none of whose addresses answers', () => {
  it('is an error that says each reason', async () => {
    // Where localhost has two addresses, Node's own error has no words.
    await expect(open('ws://localhost:1/')).rejects.toThrow('connect ECONNREFUSED 127.0.0.1:1');
  });
});

it("a link goes past the operator's proxy", async () => {
  const proxy = await serveProxy(http.address() as AddressInfo);
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'NO_PROXY', 'no_proxy'])
    vi.stubEnv(name, name.toLowerCase() === 'no_proxy' ? '' : proxy.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  router.route('/x', () => undefined);
  const client = await open(`${base}/x`);
  client.close();
  expect(proxy.asked).toEqual([]);
});
