import type { InflateRaw, ZstdDecompress } from 'node:zlib';
import { release } from '../../http/release.ts';

type Engine = InflateRaw | ZstdDecompress;

/** So large that each has its memory to itself; Node cuts smaller ones out of a shared pool. */
const maxChunkSize = 128 * 1024;

/**
 * What an engine of node:zlib makes of packed data. A chunk is the reader's until it asks for the next one: memory is
 * given back at once, so that unpacking takes the same little memory however much there is.
 *
 * @param packed chunks that stay as they are until the next one is asked for
 * @param size expected after unpacking, in bytes; a small one takes less memory
 */
export async function* zlibOutput(
  packed: AsyncIterable<Buffer>,
  size: number,
  makeEngine: (chunkSize: number) => Engine,
): AsyncGenerator<Buffer> {
  const engine = makeEngine(size < maxChunkSize ? Math.max(size, 1024) : maxChunkSize);
  const fed = feed(packed, engine);
  let last: ArrayBufferLike | undefined;
  try {
    for await (const chunk of engine as AsyncIterable<Buffer>) {
      // Chunks come in order, so that another memory means that the last one has been left behind.
      if (size >= maxChunkSize && last !== chunk.buffer) {
        if (last) release(new Uint8Array(last));
        last = chunk.buffer;
      }
      yield chunk;
    }
  } finally {
    engine.destroy();
    await fed;
  }
}

async function feed(packed: AsyncIterable<Buffer>, engine: Engine): Promise<void> {
  let goOn = () => {};
  engine.once('close', () => goOn()); // a failed write is never called back
  try {
    for await (const chunk of packed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      goOn = resolve;
      engine.write(chunk, () => resolve());
      await promise;
      if (engine.destroyed) return;
    }
    engine.end();
  } catch (error) {
    engine.destroy(error as Error); // its reader learns of it
  }
}
