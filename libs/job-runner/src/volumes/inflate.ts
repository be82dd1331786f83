import { createInflateRaw, type InflateRaw } from 'node:zlib';

import { release } from '../http/release.ts';

/** So large that each has its memory to itself; Node cuts smaller ones out of a shared pool. */
const CHUNK = 128 * 1024;

/**
 * Unpacks deflated data. A chunk is the reader's until it asks for the next one: memory is given back at once, so
 * that unpacking takes the same little memory however much there is.
 *
 * @param deflated chunks that stay as they are until the next one is asked for
 * @param size expected after unpacking, in bytes; a small one takes less memory
 */
export async function* inflated(deflated: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: size < CHUNK ? Math.max(size, 1024) : CHUNK });
  const fed = feed(deflated, inflate);
  let last: ArrayBufferLike | undefined;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      // Chunks come in order, so that another memory means that the last one has been left behind.
      if (size >= CHUNK && last !== chunk.buffer) {
        if (last) release(new Uint8Array(last));
        last = chunk.buffer;
      }
      yield chunk;
    }
  } finally {
    inflate.destroy();
    await fed;
  }
}

async function feed(deflated: AsyncIterable<Buffer>, inflate: InflateRaw): Promise<void> {
  let goOn = () => {};
  inflate.once('close', () => goOn()); // a failed write is never called back
  try {
    for await (const chunk of deflated) {
      const { promise, resolve } = Promise.withResolvers<void>();
      goOn = resolve;
      inflate.write(chunk, () => resolve());
      await promise;
      if (inflate.destroyed) return;
    }
    inflate.end();
  } catch (error) {
    inflate.destroy(error as Error); // its reader learns of it
  }
}
