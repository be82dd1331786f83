import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { extensionsHeader, type Extension } from '@horde/protocol';
import { Connection } from './connection.ts';
import { agreed, readExtensions, writeExtensions } from './extensions.ts';
import { limits } from './limits.ts';
import { TrustedProxies } from './trusted-proxies.ts';
import type { Upgrade } from './upgrade.ts';
import { UntrustedConnections, type UntrustedLimits } from './untrusted-connections.ts';

export type Accept = (connection: Connection, upgrade: Upgrade) => void;

export interface RouteOptions {
  /** The extensions that this service speaks here. @default none */
  extensions?: readonly Extension[];
  /** Whether a connection is let in at all; one that is not is answered with 429. @default all are */
  admit?: (upgrade: Upgrade) => boolean;
  /** What peers may do before `Connection.trust` is called. @default all are trusted from the beginning */
  untrusted?: UntrustedLimits;
}

interface Route extends Omit<RouteOptions, 'untrusted'> {
  pattern: RegExp;
  accept: Accept;
  untrusted: UntrustedConnections | null;
}

/**
 * Routes websocket upgrades of an HTTP server by path: `/v0.1/executor_interface/:token`. A path that no route
 * knows is answered with 404. Nest's own gateways match whole paths only, and our paths carry a hotkey or a token.
 */
export class WebSocketRouter {
  private readonly routes: Route[] = [];
  private readonly connections = new Set<Connection>();
  private closing = false;
  private readonly picked = new WeakMap<IncomingMessage, ReadonlySet<Extension>>();
  private readonly server = new WebSocketServer({
    noServer: true,
    // Compression costs a quarter of a megabyte per connection and most of the throughput.
    perMessageDeflate: false,
    maxPayload: limits.maxFrame,
  }).on('headers', (headers, request) => {
    const agreed = this.picked.get(request);
    if (agreed && agreed.size > 0) headers.push(`${extensionsHeader}: ${writeExtensions(agreed)}`);
  });

  /** @param proxies whose word about who is behind them is taken @default nobody's */
  constructor(private readonly proxies = new TrustedProxies([])) {}

  /** Adds a route. `:name` stands for one non-empty part of the path without a slash. */
  route(path: string, accept: Accept, { untrusted, ...options }: RouteOptions = {}): this {
    const pattern = new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
    this.routes.push({
      ...options,
      pattern,
      accept,
      untrusted: untrusted ? new UntrustedConnections(untrusted) : null,
    });
    return this;
  }

  /** Takes over the upgrades of an HTTP server. */
  attach(http: Server): void {
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const matched = this.match(request.url ?? '');
      if (!matched) return refuse(socket, 404, 'Not Found');
      if (this.closing) return refuse(socket, 503, 'Service Unavailable');
      const { route, params } = matched;
      const stream = request.socket;
      const upgrade = {
        params,
        headers: request.headers,
        remoteAddress: this.proxies.addressOf(request.headers, stream.remoteAddress ?? ''),
      };
      if (route.admit?.(upgrade) === false || route.untrusted?.admits(upgrade) === false)
        return refuse(socket, 429, 'Too Many Requests');
      const offered = readExtensions(request.headers[extensionsHeader.toLowerCase()]);
      const extensions = agreed(route.extensions ?? [], offered);
      this.picked.set(request, extensions);
      this.server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = this.open(webSocket, stream, extensions);
        route.untrusted?.add(connection, stream, upgrade);
        route.accept(connection, upgrade);
      });
    });
  }

  /** Its own function, so that nothing of a connection holds on to the request that it began with. */
  private open(webSocket: WebSocket, stream: Socket, extensions: ReadonlySet<Extension>): Connection {
    const connection = new Connection(webSocket, stream);
    connection.extensions = extensions;
    this.connections.add(connection);
    void connection.closed.then(() => this.connections.delete(connection));
    return connection;
  }

  /**
   * Closes every connection with "going away", and takes no more; those that do not answer within a second are cut.
   * @param handleRest whether what has come until then is handled still: `Connection.handled` tells when. @default it is
   * dropped
   */
  async close({ handleRest = false } = {}): Promise<void> {
    this.closing = true;
    const open = [...this.connections];
    const reason = 'the service is stopping';
    for (const connection of open) {
      if (handleRest) connection.leave(reason);
      else connection.close(1001, reason);
    }
    const cut = setTimeout(() => open.forEach((connection) => connection.cut()), limits.closing);
    await Promise.all(open.map((connection) => connection.closed));
    clearTimeout(cut);
  }

  private match(url: string): { route: Route; params: Record<string, string> } | null {
    const path = url.split('?', 1)[0]!;
    for (const route of this.routes) {
      const groups = route.pattern.exec(path)?.groups;
      if (!groups && !route.pattern.test(path)) continue;
      try {
        const params = Object.entries(groups ?? {}).map(([name, part]) => [name, decodeURIComponent(part)]);
        return { route, params: Object.fromEntries(params) as Record<string, string> };
      } catch {
        return null;
      }
    }
    return null;
  }
}

function refuse(socket: Duplex, status: number, reason: string): void {
  // The HTTP server has let go of the socket: without these, a peer that resets it would end the process, and one that
  // leaves it open would keep it for ever.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
