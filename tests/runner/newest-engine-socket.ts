import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import type { Duplex } from 'node:stream';

/** The oldest API that Docker 29 speaks, and one that it has. */
const oldest = 44;
const newest = '1.52';

/**
 * A socket in front of this machine's engine, which answers as Docker 29 does: what speaks an API below 1.44 is refused, and what
 * asks for the newest gets 1.52.
 */
export class NewestEngineSocket {
  /** What was refused, by method and path. */
  readonly refused: string[] = [];
  private readonly server = http.createServer((request, response) => {
    const refusal = this.refusal(request);
    if (refusal !== null) return void response.writeHead(400).end(refusal);
    const passed = this.pass(request);
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode!, this.headersOf(answer));
      // Whoever waits for a container's end first waits for them.
      response.flushHeaders();
      answer.pipe(response);
      response.on('close', () => answer.destroy());
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });

  private constructor(readonly file: string) {
    this.server.on('upgrade', (request, near, head) => this.upgrade(request, near, head));
  }

  static async open(folder: string): Promise<NewestEngineSocket> {
    const socket = new NewestEngineSocket(path.join(folder, 'engine.sock'));
    await once(socket.server.listen(socket.file), 'listening');
    chmodSync(socket.file, 0o666);
    return socket;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** What attaches to a container goes on as bytes both ways. */
  private upgrade(request: http.IncomingMessage, near: Duplex, head: Buffer): void {
    near.on('error', () => undefined);
    if (this.refusal(request) !== null) return void near.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    const passed = this.pass(request);
    passed.on('upgrade', (answer, far, begun) => {
      const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      near.write(`HTTP/1.1 101 UPGRADED\r\n${headers.join('')}\r\n`);
      near.write(begun);
      far.write(head);
      far.on('error', () => near.destroy());
      near.pipe(far).pipe(near);
    });
    passed.on('response', () => near.destroy());
    passed.on('error', () => near.destroy());
    passed.end();
  }

  private refusal({ method, url }: http.IncomingMessage): string | null {
    const minor = /^\/v1\.(\d+)\//.exec(url!)?.[1];
    if (minor === undefined || Number(minor) >= oldest) return null;
    this.refused.push(`${method} ${url}`);
    return JSON.stringify({
      message: `client version 1.${minor} is too old. Minimum supported API version is 1.${oldest}`,
    });
  }

  /** Without a version this machine's engine speaks its newest. */
  private pass({ method, url, headers }: http.IncomingMessage): http.ClientRequest {
    const unversioned = url!.replace(/^\/v1\.\d+(?=\/)/, '');
    return http.request({ socketPath: '/var/run/docker.sock', method, path: unversioned, headers });
  }

  private headersOf({ headers }: http.IncomingMessage): http.IncomingHttpHeaders {
    return headers['api-version'] === undefined ? headers : { ...headers, 'api-version': newest };
  }
}
