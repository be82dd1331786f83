import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A miner's pages, as ComputeHorde's miners serve them, and what was asked for. */
export class PageServer {
  /** Page -> its text. */
  readonly pages = new Map<number, string>();
  /** What each request has asked for: a page, and where to begin. */
  asked: { page: number; from: number }[] = [];
  /** Answers in the place of the pages. */
  answer: RequestListener | null = null;
  /** Answers with the pages. */
  readonly respond: RequestListener = (request, response) => {
    const page = Number(/^\/receipts\/(\d+)\.jsonl$/.exec(request.url!)?.[1]);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? 'bytes=0-')![1]);
    this.asked.push({ page, from });
    if (this.answer) return this.answer(request, response);
    const bytes = Buffer.from(this.pages.get(page) ?? '');
    if (!this.pages.has(page)) response.writeHead(404).end();
    else if (request.headers.range === undefined) response.end(bytes);
    else if (from >= bytes.length)
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    else
      response
        .writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` })
        .end(bytes.subarray(from));
  };
  private readonly http: Server = createServer(this.respond);

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
  }

  async stop(): Promise<void> {
    this.http.close();
    this.http.closeAllConnections();
  }

  /** Adds to a page; lines bring their ends along. */
  append(page: number, text: string): void {
    this.pages.set(page, (this.pages.get(page) ?? '') + text);
  }
}
