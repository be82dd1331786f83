import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Connection } from './connection.ts';
import { limits } from './limits.ts';

export interface Upgrade {
  /** The named parts of the path, decoded. */
  params: Record<string, string>;
  headers: IncomingMessage['headers'];
  /** The address at the other end of the socket. */
  remoteAddress: string;
}

export type Accept = (connection: Connection, upgrade: Upgrade) => void;

interface Route {
  pattern: RegExp;
  accept: Accept;
}

/**
 * Routes websocket upgrades of an HTTP server by path: `/v0.1/executor_interface/:token`. A path that no route
 * knows is answered with 404. Nest's own gateways match whole paths only, and our paths carry a hotkey or a token.
 */
export class WebSocketRouter {
  private readonly routes: Route[] = [];
  private readonly connections = new Set<Connection>();
  private closing = false;
  private readonly server = new WebSocketServer({
    noServer: true,
    // Compression costs a quarter of a megabyte per connection and most of the throughput.
    perMessageDeflate: false,
    maxPayload: limits.largestFrame,
  });

  /** Adds a route. `:name` stands for one non-empty part of the path without a slash. */
  route(path: string, accept: Accept): this {
    const pattern = new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
    this.routes.push({ pattern, accept });
    return this;
  }

  /** Takes over the upgrades of an HTTP server. */
  attach(http: Server): void {
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const matched = this.match(request.url ?? '');
      if (!matched) return refuse(socket, 404, 'Not Found');
      if (this.closing) return refuse(socket, 503, 'Service Unavailable');
      this.server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new Connection(webSocket, () => request.socket.bytesRead);
        this.connections.add(connection);
        void connection.closed.then(() => this.connections.delete(connection));
        matched.accept(connection, {
          params: matched.params,
          headers: request.headers,
          remoteAddress: request.socket.remoteAddress ?? '',
        });
      });
    });
  }

  /** Closes every connection with "going away", and takes no more; those that do not answer within a second are cut. */
  async close(): Promise<void> {
    this.closing = true;
    const open = [...this.connections];
    for (const connection of open) connection.close(1001, 'the service is stopping');
    const cut = setTimeout(() => open.forEach((connection) => connection.terminate()), limits.closing);
    await Promise.all(open.map((connection) => connection.closed));
    clearTimeout(cut);
  }

  private match(url: string): { accept: Accept; params: Record<string, string> } | null {
    const path = url.split('?', 1)[0]!;
    for (const { pattern, accept } of this.routes) {
      const groups = pattern.exec(path)?.groups;
      if (!groups && !pattern.test(path)) continue;
      try {
        const params = Object.entries(groups ?? {}).map(([name, part]) => [name, decodeURIComponent(part)]);
        return { accept, params: Object.fromEntries(params) as Record<string, string> };
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
