import http from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { peerClocks, reasonOf } from '@horde/network';

/**
 * - `Unreachable`: no connection, or no answer on it; `Timeout`: none in time, or not all of it;
 * - `UnexpectedStatus`, `WrongRange`, `UnknownEncoding`: an answer to something that was not asked;
 * - `BrokenOff`: the answer ended before its end, or is not compressed as it says.
 */
export type PageErrorKind =
  'Unreachable' | 'Timeout' | 'UnexpectedStatus' | 'WrongRange' | 'UnknownEncoding' | 'BrokenOff';

/** A page that could not be read, or not to its end. The message has no full stop. */
export class PageError extends Error {
  override readonly name = 'PageError';

  constructor(
    readonly kind: PageErrorKind,
    message: string,
  ) {
    super(message);
  }
}

export interface ReadPageOptions {
  /** Where to begin. @unit bytes */
  offset: number;
  /** No more is read at once, but for what is on its way already. @unit bytes */
  maxBytes: number;
  /** Ends the request and the answer. */
  signal: AbortSignal;
}

/** A part of a page, from the offset that was asked for. */
export interface PagePart {
  bytes: Buffer;
  /** What is left: nothing, until the page grows; more of it; or nobody knows, because the answer did not come to its end. */
  rest: 'none' | 'more' | PageError;
}

const nothing: PagePart = { bytes: Buffer.alloc(0), rest: 'none' };

/**
 * Reads pages of receipts from miners, as ComputeHorde's validators do: a page that has not been looked at yet as a whole,
 * compressed where the miner can; of another one what comes after the bytes that were read. Redirects are not followed.
 */
export class PageReader {
  private readonly agent = new http.Agent({ keepAlive: true });

  /**
   * Reads a page from an offset on. One that does not exist, or has not grown, is empty.
   *
   * @param url of the page, with http
   * @throws PageError when there is no answer, or none that can be used
   */
  async read(url: URL, options: ReadPageOptions): Promise<PagePart> {
    const { offset, maxBytes, signal } = options;
    const response = await this.ask(url, offset, signal).catch((error: unknown) => {
      throw signal.aborted ? tooLate() : new PageError('Unreachable', reasonOf(error));
    });
    response.on('error', () => undefined); // an answer that nobody reads any more
    if (response.statusCode === 404 || response.statusCode === 416) {
      response.resume();
      return nothing;
    }
    try {
      return await collect(bodyOf(response, offset), maxBytes, signal);
    } catch (error) {
      response.destroy();
      throw error;
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private ask(url: URL, offset: number, signal: AbortSignal): Promise<http.IncomingMessage> {
    const headers: Record<string, string> =
      offset === 0
        ? { 'accept-encoding': 'gzip' }
        : { 'accept-encoding': 'identity', range: `bytes=${offset}-` };
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const asked = Date.now();
    http
      .request(url, { headers, signal, agent: this.agent })
      .on('response', (response) => {
        peerClocks.noteAnswer(url, response.headers, asked);
        resolve(response);
      })
      .on('error', reject)
      .end();
    return promise;
  }
}

/** The answer's body, uncompressed. @throws PageError when it is not what was asked for */
function bodyOf(response: http.IncomingMessage, offset: number): Readable {
  const wanted = offset === 0 ? 200 : 206;
  if (response.statusCode !== wanted)
    throw new PageError('UnexpectedStatus', `status ${response.statusCode} where ${wanted} is expected`);
  const range = response.headers['content-range'] ?? '';
  if (offset > 0 && Number(/^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range)?.[1]) !== offset)
    throw new PageError('WrongRange', `asked from byte ${offset}, answered with "${range.slice(0, 50)}"`);
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return response;
  if (encoding !== 'gzip' || offset > 0)
    throw new PageError('UnknownEncoding', `encoded as "${encoding.slice(0, 50)}"`);
  return pipeline(response, createGunzip(), () => undefined);
}

async function collect(body: Readable, maxBytes: number, signal: AbortSignal): Promise<PagePart> {
  const chunks: Buffer[] = [];
  let length = 0;
  const part = (rest: PagePart['rest']): PagePart => ({ bytes: Buffer.concat(chunks), rest });
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= maxBytes) return part('more');
    }
    return part('none');
  } catch (error) {
    return part(signal.aborted ? tooLate() : new PageError('BrokenOff', reasonOf(error)));
  }
}

const tooLate = (): PageError => new PageError('Timeout', 'no whole answer in time');
