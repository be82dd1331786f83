import { once } from 'node:events';
import type { Response } from 'express';

/** Small pieces are collected until they are so long together. @unit characters */
const chunkSize = 64 * 1024;
/** How long a reader may take nothing before it is cut off. @unit ms */
const patience = 120_000;

/**
 * Answers with pieces of JSON as they come, no faster than the reader takes them. An answer that cannot be completed
 * is cut off: no reader takes it for a whole one.
 */
export async function streamJson(
  response: Response,
  pieces: AsyncIterable<string | Buffer>,
  status = 200,
): Promise<void> {
  response.status(status).setHeader('content-type', 'application/json; charset=utf-8');
  if (response.req.method === 'HEAD') return void response.end();
  let collected = '';
  for await (const piece of pieces) {
    if (typeof piece === 'string') collected += piece;
    if (typeof piece === 'string' && collected.length < chunkSize) continue;
    if (collected) await writeTo(response, collected);
    collected = '';
    if (typeof piece !== 'string') await writeTo(response, piece);
  }
  response.end(collected);
}

/** Writes on. Resolves when the reader can take more. @throws ReaderIsGone when it takes nothing for too long */
export async function writeTo(response: Response, chunk: string | Buffer): Promise<void> {
  if (response.closed) throw new ReaderIsGone();
  if (response.write(chunk)) return;
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.once('close', leave);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([gone.signal, AbortSignal.timeout(patience)]) });
  } catch {
    throw new ReaderIsGone();
  } finally {
    response.off('close', leave);
  }
}

/** Nobody reads the answer any more. */
export class ReaderIsGone extends Error {}
