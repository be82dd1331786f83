import { constants, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { finished } from 'node:stream/promises';
import tls from 'node:tls';

/** What a proxy needs to stand in front of one job. */
export interface ProxyOptions {
  /** Where it listens, on every address; 0: a free port. */
  port: number;
  /** Its own key and certificate (PEM). */
  key: string;
  certificate: string;
  /** The one certificate (PEM) that a client may show. */
  clientCertificate: string;
  /** Where the job listens. */
  target: { host: string; port: number };
}

export interface Proxy {
  port: number;
  /** Takes no more connections, gives clients two seconds for what the job has said already, and cuts them off. */
  close(): Promise<void>;
}

/** Connections of the job's user at a time. */
const maxConnections = 256;
/** Connections that have not shown a certificate yet; one more, and the oldest of them has to go. */
const maxStrangers = 128;
const handshakeLimit = 10_000;
const connectLimit = 10_000;
/** How long a client may take to hang up after the last byte for it, in milliseconds. */
const linger = 30_000;
const keepAlive = 30_000;
const drainLimit = 2_000;

/**
 * Ends TLS (1.2 and newer) in front of a job and passes on bytes, so that whatever a job speaks gets through as it
 * comes: HTTP, chunked or not, server-sent events, websockets.
 *
 * The client's certificate is pinned: its key is proven by the handshake, and it has to be the given one, byte for
 * byte. Its dates are not looked at, as the clocks of two machines may differ.
 */
export async function serveProxy(options: ProxyOptions): Promise<Proxy> {
  const pinned = new X509Certificate(options.clientCertificate).fingerprint256;
  const secureContext = tls.createSecureContext({
    key: options.key,
    cert: options.certificate,
    ca: options.clientCertificate, // named to clients, some of which choose by it what to show
    minVersion: 'TLSv1.2',
    // A resumed session would not show its certificate again.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  });
  const strangers = new Set<tls.TLSSocket>();
  const users = new Set<tls.TLSSocket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const client = new tls.TLSSocket(socket, {
      isServer: true,
      secureContext,
      requestCert: true,
      rejectUnauthorized: false, // looked at below, where a refusal can be put in words
    });
    client.on('error', () => client.destroy());
    client.once('close', () => [strangers, users].forEach((clients) => clients.delete(client)));
    strangers.add(client);
    if (strangers.size > maxStrangers) strangers.values().next().value!.destroy();
    const limit = setTimeout(() => client.destroy(), handshakeLimit).unref();
    client.once('secure', () => {
      clearTimeout(limit);
      if (client.getPeerX509Certificate()?.fingerprint256 !== pinned)
        return answer(client, refusals.stranger);
      strangers.delete(client);
      if (users.size >= maxConnections) return answer(client, refusals.full);
      users.add(client);
      passOn(client, options.target);
    });
  });
  server.listen(options.port);
  await once(server, 'listening');
  server.on('error', () => {}); // a connection that could not be accepted, for want of file descriptors
  return {
    port: (server.address() as net.AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const client of strangers) client.destroy();
      const late = AbortSignal.timeout(drainLimit);
      const drained = [...users].map((client) => finished(client, { readable: false, signal: late }));
      await Promise.allSettled(drained);
      for (const client of users) client.destroy();
      await closed;
    },
  };
}

function passOn(client: tls.TLSSocket, target: ProxyOptions['target']): void {
  const job = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
  let connected = false;
  job.setTimeout(connectLimit, () => job.destroy(new Error('no answer came in time')));
  job.once('connect', () => {
    connected = true;
    job.setTimeout(0);
    client.pipe(job);
    job.pipe(client);
  });
  job.on('error', () => {
    if (connected) client.destroySoon();
    else answer(client, refusals.absent);
  });
  client.once('finish', () => setTimeout(() => client.destroy(), linger).unref());
  client.setKeepAlive(true, keepAlive);
  client.once('close', () => job.destroy());
}

/** What the proxy says in its own name. */
const refusals = {
  stranger: {
    status: '403 Forbidden',
    says: 'This job answers only to the client certificate that was given with it.',
  },
  full: {
    status: '503 Service Unavailable',
    says: `This job already has ${maxConnections} connections.`,
  },
  absent: { status: '502 Bad Gateway', says: 'The job does not take connections now.' },
};

/** Answers, and hangs up. */
function answer(client: tls.TLSSocket, { status, says }: { status: string; says: string }): void {
  const length = Buffer.byteLength(says) + 1;
  const head = ['content-type: text/plain', `content-length: ${length}`, 'connection: close'];
  client.resume(); // bytes that were never read would make hanging up a reset, and the answer be lost
  client.end(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${says}\n`);
  setTimeout(() => client.destroy(), 1000).unref();
}
