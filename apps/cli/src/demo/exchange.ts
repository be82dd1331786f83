import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** The largest result that is taken. @unit bytes */
const largestUpload = 50_000_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Hands a file to the job and takes its result back, on URLs that nobody can guess and that work once: after a whole
 * transfer they answer 410.
 */
export class Exchange {
  private readonly handlers = new Map<string, Handler>();

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Exchange> {
    const server = createServer();
    const exchange = new Exchange(server);
    server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void exchange.answer(request, response),
    );
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(0, '127.0.0.1', resolve),
    );
    return exchange;
  }

  /** A URL that serves a file once. */
  offer(file: string, contentType: string): string {
    return this.publish('GET', async (_request, response) => {
      const { size } = await stat(file);
      response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': size });
      await pipeline(createReadStream(file), response);
    });
  }

  /** A URL that takes one file, and what was put there. */
  expect(): { url: string; received: Promise<Buffer> } {
    let settle!: (body: Buffer) => void;
    const received = new Promise<Buffer>((resolve) => (settle = resolve));
    const url = this.publish('PUT', async (request, response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of request) {
        size += (chunk as Buffer).length;
        if (size > largestUpload) throw new Error('The result is too large.');
        chunks.push(chunk as Buffer);
      }
      settle(Buffer.concat(chunks));
      response.writeHead(200).end();
    });
    return { url, received };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private publish(method: string, handle: Handler): string {
    const path = `/${randomBytes(16).toString('hex')}`;
    let state: 'open' | 'busy' | 'used' = 'open';
    this.handlers.set(path, async (request, response) => {
      if (request.method !== method) return void response.writeHead(405).end();
      if (state !== 'open') return void response.writeHead(state === 'used' ? 410 : 409).end();
      state = 'busy';
      try {
        await handle(request, response);
        state = 'used';
      } catch {
        state = 'open';
        response.destroy();
      }
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const handler = this.handlers.get(request.url ?? '');
    if (handler) await handler(request, response);
    else response.writeHead(404).end();
  }
}
