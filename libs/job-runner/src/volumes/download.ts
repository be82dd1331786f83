import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

import { failures, JobFailure } from '../failures.ts';
import { RequestRefused, type HttpResponse, type HttpSend } from '../http/client.ts';
import { pause } from '../pause.ts';
import { why, withoutSecrets } from '../wording.ts';
import type { Budget } from './volume-writer.ts';

const REDIRECTS = 5;
const IDLE_TIMEOUT = 30_000;

export interface DownloadOptions {
  send: HttpSend;
  signal: AbortSignal;
  /** Milliseconds before the second and the third try. */
  retryDelays: number[];
}

/** The server's trouble, which may pass. */
class Unavailable extends Error {
  constructor(readonly status: number) {
    super();
  }
}

/**
 * Fetches a URL into an open file, from its start. Redirects are followed (at most 5), each under the same rules.
 * Lost connections and 5xx answers are tried again; other answers than success are final.
 *
 * @throws JobFailure download_failed; the signal's reason on abort
 */
export async function download(
  url: string,
  file: FileHandle,
  budget: Budget,
  options: DownloadOptions,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await file.truncate(0);
      budget.refundBytes();
      return await fetchOnce(url, file, budget, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof JobFailure) throw error;
      if (error instanceof RequestRefused)
        throw failures.VOLUME_ADDRESS_REFUSED(budget.source, error.message);
      if (attempt === options.retryDelays.length) throw lastFailure(budget.source, error);
    }
    await pause(options.retryDelays[attempt]!, options.signal);
  }
}

function lastFailure(source: string, error: unknown): JobFailure {
  return error instanceof Unavailable
    ? failures.VOLUME_NOT_SERVED(source, error.status)
    : failures.VOLUME_UNREACHABLE(source, why(error));
}

async function fetchOnce(
  url: string,
  file: FileHandle,
  budget: Budget,
  options: DownloadOptions,
): Promise<void> {
  const response = await follow(url, budget, options);
  try {
    if (response.status >= 500) throw new Unavailable(response.status);
    if (response.status !== 200) throw failures.VOLUME_NOT_SERVED(budget.source, response.status);
    const decoder = decoderFor(response);
    if (!decoder) budget.expectBytes(Number(response.headers.get('content-length') ?? 0));
    const store = async (chunks: AsyncIterable<Buffer>) => {
      let at = 0;
      for await (const chunk of chunks) {
        budget.spendBytes(chunk.length);
        at += await writeAt(file, chunk, at);
      }
    };
    await (decoder ? pipeline(response.body, decoder, store) : pipeline(response.body, store));
  } finally {
    response.body.destroy();
  }
}

/** Follows redirects to the answer proper. */
async function follow(url: string, budget: Budget, options: DownloadOptions): Promise<HttpResponse> {
  let next = url;
  for (let hop = 0; ; hop++) {
    const response = await options.send({
      method: 'GET',
      url: next,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'compute-horde-executor' },
      signal: options.signal,
      idleTimeout: IDLE_TIMEOUT,
    });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || !location) return response;
    response.body.destroy();
    if (hop === REDIRECTS) {
      throw failures.VOLUME_UNREACHABLE(budget.source, `it redirects more than ${REDIRECTS} times`);
    }
    if (!URL.canParse(location, next)) {
      throw failures.VOLUME_UNREACHABLE(budget.source, 'it redirects to an address that is not a URL');
    }
    next = new URL(location, next).href;
  }
}

/** For servers that compress without being asked: object stores do, of objects that were stored that way. */
function decoderFor(response: HttpResponse) {
  switch (response.headers.get('content-encoding')?.toLowerCase()) {
    case 'gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return null;
  }
}

async function writeAt(file: FileHandle, chunk: Buffer, position: number): Promise<number> {
  for (let at = 0; at < chunk.length;) {
    at += (await file.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
  }
  return chunk.length;
}

/** How messages speak of what a URL gives. */
export function sourceOf(url: string): string {
  return `The volume at ${withoutSecrets(url)}`;
}
