import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { failures } from '../failures.ts';
import type { HttpResponse } from '../http/client.ts';
import { release } from '../http/release.ts';
import type { Budget } from './budget.ts';
import { continues, factsOf, lengthOf, type Facts, type Rest } from './resume.ts';
import { inTries, mayPass, Unavailable, type Tries } from './tries.ts';
import type { VolumeFile } from './volume-file.ts';

/** Sends a GET for one file or, after a try that broke off, for the rest of it; redirects are followed. */
export type AskFor = (rest: Rest | null) => Promise<HttpResponse>;

/**
 * Fetches a file from its start, in three tries. A try after a lost connection asks for the rest only, and starts anew
 * where it does not get the rest of the same file. Lost connections, 5xx, 408 and 429 are tried again; other answers
 * than success are final.
 *
 * @param listed the file as a hub lists it: one that comes whole with another size is not it, and is fetched anew
 * @throws JobFailure download_failed; the signal's reason on abort
 */
export function download(
  askFor: AskFor,
  file: VolumeFile,
  budget: Budget,
  options: Tries,
  listed?: { path: string; size: number },
): Promise<void> {
  let facts: Facts | null = null;
  return inTries(budget.source, options, async () => {
    const known = file.size > 0 ? facts : null;
    let response = await askFor(known && { from: file.size, etag: known.etag });
    const isRest = known !== null && continues(response, known, file.size);
    if (known && !isRest && [206, 416].includes(response.status)) {
      response.body.destroy();
      response = await askFor(null);
    }
    try {
      check(response, isRest ? 206 : 200, budget.source);
      if (!isRest) {
        budget.refundBytes(file.size);
        await file.restart();
        facts = factsOf(response);
        if (!listed) budget.announce(facts?.total ?? null);
      }
      await store(response, file, budget);
    } finally {
      response.body.destroy();
    }
    const total = facts?.total ?? file.size;
    if (file.size !== total) throw new Error(`${file.size} of ${total} bytes came`);
    if (listed && file.size !== listed.size) {
      facts = null;
      const { path, size } = listed;
      throw new Error(`${file.size} bytes came of ${JSON.stringify(path)}, which is listed with ${size}`);
    }
  });
}

function check({ status }: HttpResponse, expected: number, source: string): void {
  if (mayPass(status)) throw new Unavailable(status);
  if (status !== expected) throw failures.VOLUME_NOT_SERVED(source, status);
}

async function store(response: HttpResponse, file: VolumeFile, budget: Budget): Promise<void> {
  const decoder = decoderFor(response);
  if (!decoder) budget.expectBytes(lengthOf(response) ?? 0);
  const write = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      budget.spendBytes(chunk.length);
      await file.append(chunk);
      release(chunk);
    }
  };
  await (decoder ? pipeline(response.body, decoder, write) : pipeline(response.body, write));
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
