import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { because, missingPrograms } from '@horde/testing/missing';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Certificate } from '@horde/network';
import { makeIdentity } from './certificate.ts';
import { type Proxy, serveProxy } from './proxy.ts';

const run = promisify(execFile);

let job: Certificate;
let user: Certificate;
let stranger: Certificate;
beforeAll(async () => {
  [job, user, stranger] = await Promise.all([
    makeIdentity('127.0.0.1'),
    makeIdentity(null),
    makeIdentity(null),
  ]);
});

/** A proxy in front of a server in this process. */
async function inFrontOf(server: net.Server): Promise<Proxy> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return inFrontOfPort((server.address() as net.AddressInfo).port);
}

async function inFrontOfPort(port: number): Promise<Proxy> {
  const proxy = await serveProxy({
    port: 0,
    ...job,
    clientCertificate: user.certificate,
    target: { host: '127.0.0.1', port },
  });
  onTestFinished(() => proxy.close());
  return proxy;
}

const as = (identity: Certificate | null) => ({
  ca: job.certificate,
  ...(identity && { cert: identity.certificate, key: identity.key }),
});

interface Answer {
  status: number;
  body: string;
}

async function get(
  proxy: Proxy,
  identity: Certificate | null,
  options: https.RequestOptions = {},
): Promise<Answer> {
  const url = `https://127.0.0.1:${proxy.port}/`;
  const request = https.request(url, { agent: false, ...as(identity), ...options });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode!, body: await text(response) };
}

async function connect(proxy: Proxy, options: tls.ConnectionOptions = as(user)): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const hello = () => http.createServer((_request, response) => response.end('hello'));

describe('who gets through', () => {
  it('is the holder of the given certificate', async () => {
    expect(await get(await inFrontOf(hello()), user)).toEqual({ status: 200, body: 'hello' });
  });

  it('is nobody else, and no byte of theirs reaches the job', async () => {
    let connections = 0;
    const proxy = await inFrontOf(hello().on('connection', () => connections++));
    const refused = {
      status: 403,
      body: 'This job answers only to the client certificate that was given with it.\n',
    };
    expect(await get(proxy, null)).toEqual(refused);
    // Of the same subject and issuer as the user's, for that is what these certificates are like.
    expect(await get(proxy, stranger)).toEqual(refused);
    expect(await get(proxy, null, { method: 'POST', headers: { expect: '100-continue' } })).toEqual(refused);
    expect(connections).toBe(0);
  });

  it('is nobody who has the certificate and not its key', async () => {
    const proxy = await inFrontOf(hello());
    await expect(get(proxy, { certificate: user.certificate, key: stranger.key })).rejects.toThrow(
      /key values mismatch/,
    );
  });

  it('is nobody with TLS 1.1, or without TLS', async () => {
    const proxy = await inFrontOf(hello());
    const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(connect(proxy, { ...as(user), ...old })).rejects.toThrow(/protocol version/);
    const plain = http.get(`http://127.0.0.1:${proxy.port}/`, { agent: false });
    await expect(once(plain, 'response')).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect((await get(proxy, user)).status).toBe(200);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'gets through with %s, again and again on one session',
    async (version) => {
      const proxy = await inFrontOf(hello());
      const agent = new https.Agent({ keepAlive: false, maxCachedSessions: 10 });
      const options = { agent, minVersion: version, maxVersion: version };
      for (let time = 0; time < 3; time++) expect((await get(proxy, user, options)).status).toBe(200);
    },
  );

  const missingClients = missingPrograms('curl', 'python3');
  it.skipIf(missingClients !== null)(
    `gets through with curl and Python too${because(missingClients)}`,
    async () => {
      const proxy = await inFrontOf(hello());
      const folder = mkdtempSync(path.join(tmpdir(), 'horde-test-proxy-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const file = (name: string, content: string) => {
        writeFileSync(path.join(folder, name), content);
        return path.join(folder, name);
      };
      const [ca, cert, key] = [
        file('ca', job.certificate),
        file('cert', user.certificate),
        file('key', user.key),
      ];
      const url = `https://127.0.0.1:${proxy.port}/`;
      const curl = await run('curl', ['-sS', '--cacert', ca, '--cert', cert, '--key', key, url]);
      expect(curl.stdout).toBe('hello');
      const none = await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', ca, url]);
      expect(none.stdout).toBe('403');
      const python = `
import ssl, urllib.request
context = ssl.create_default_context(cafile=${JSON.stringify(ca)})
context.load_cert_chain(${JSON.stringify(cert)}, ${JSON.stringify(key)})
print(urllib.request.urlopen(${JSON.stringify(url)}, context=context).read().decode(), end='')`;
      expect((await run('python3', ['-c', python])).stdout).toBe('hello');
    },
  );
});

describe('what gets through', () => {
  it('is each chunk of an answer when it is written', async () => {
    let next!: () => void;
    const proxy = await inFrontOf(
      http.createServer((_request, response) => {
        response.write('first');
        next = () => response.end('second');
      }),
    );
    const request = https.get({ port: proxy.port, host: '127.0.0.1', agent: false, ...as(user) });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(first.toString()).toBe('first');
    next(); // nothing but the arrival of the first chunk brings the second
    expect(await text(response)).toBe('second');
  });

  it('are large bodies both ways at once', async () => {
    const proxy = await inFrontOf(http.createServer((request, response) => void request.pipe(response)));
    const body = Buffer.alloc(32 * 1024 * 1024, 'large ');
    const options = { port: proxy.port, host: '127.0.0.1', method: 'POST', agent: false, ...as(user) };
    const request = https.request(options);
    request.end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let length = 0;
    for await (const chunk of response) length += (chunk as Buffer).length;
    expect(length).toBe(body.length);
  });

  it('are websockets', async () => {
    const server = http.createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) =>
      socket.on('message', (message) => socket.send(`echo ${String(message as Buffer)}`)),
    );
    const proxy = await inFrontOf(server);
    const client = new WebSocket(`wss://127.0.0.1:${proxy.port}/`, as(user));
    await once(client, 'open');
    client.send('one');
    expect(String((await once(client, 'message'))[0])).toBe('echo one');
    client.close(4000, 'bye');
    expect((await once(client, 'close'))[0]).toBe(4000);
  });

  it('is the answer to a client that has closed its side', async () => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume().on('end', () => socket.end('all read'));
    });
    const socket = await connect(await inFrontOf(server), { ...as(user), allowHalfOpen: true } as object);
    socket.end('request');
    expect(await text(socket)).toBe('all read');
  });

  it('is the end of either side', async () => {
    const ended = Promise.withResolvers<string>();
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => String(data) === 'go away' && socket.end('bye'));
      socket.on('close', () => ended.resolve('closed'));
    });
    const proxy = await inFrontOf(server);
    const sent = await connect(proxy);
    sent.write('go away');
    expect(await text(sent)).toBe('bye');
    await ended.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.once('connection', (socket: net.Socket) => socket.on('close', () => resolve()));
    const gone = await connect(proxy);
    gone.write('still here');
    gone.destroy();
    await promise;
  });

  it('is a word when the job does not listen', async () => {
    const server = hello().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    const proxy = await inFrontOfPort(port);
    expect(await get(proxy, user)).toEqual({ status: 502, body: 'The job does not take connections now.\n' });
  });
});

describe('many connections', () => {
  it('are served, 50 at once', async () => {
    const proxy = await inFrontOf(hello());
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(proxy, user)));
    expect(answers.every(({ body }) => body === 'hello')).toBe(true);
  });

  it('of strangers that say nothing do not keep the user out', async () => {
    const proxy = await inFrontOf(hello());
    const idle = Array.from({ length: 300 }, () =>
      net
        .connect(proxy.port, '127.0.0.1')
        .on('error', () => {})
        .resume(),
    );
    onTestFinished(() => idle.forEach((socket) => void socket.destroy()));
    const oldestGone = once(idle[0]!, 'close');
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    expect(await get(proxy, user)).toEqual({ status: 200, body: 'hello' });
    await oldestGone;
  });

  it('are 256 of the user, and one more is told so', async () => {
    const proxy = await inFrontOf(net.createServer((socket) => void socket.on('error', () => {}).resume()));
    for (let count = 0; count < 256; count += 32)
      await Promise.all(Array.from({ length: 32 }, () => connect(proxy)));
    expect(await get(proxy, user)).toEqual({ status: 503, body: 'This job already has 256 connections.\n' });
  });

  it('get what the job has said before they are cut off', async () => {
    const large = Buffer.alloc(1024 * 1024, 'large ');
    const proxy = await inFrontOf(net.createServer((socket) => socket.on('error', () => {}).end(large)));
    const socket = await connect(proxy);
    await once(socket, 'readable'); // the rest is on its way, in the hands of the proxy or of the system
    const closing = proxy.close();
    expect((await text(socket)).length).toBe(large.length);
    await closing;
  });

  it('are all gone when it closes', async () => {
    const proxy = await inFrontOf(net.createServer((socket) => void socket.on('error', () => {}).resume()));
    const open = await connect(proxy);
    open.on('error', () => {});
    const shaking = net.connect(proxy.port, '127.0.0.1').on('error', () => {});
    await once(shaking, 'connect');
    const closed = [once(open, 'close'), once(shaking, 'close')];
    await proxy.close();
    await Promise.all(closed);
    await expect(get(proxy, user)).rejects.toThrow('ECONNREFUSED');
  });
});
