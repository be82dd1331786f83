import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that the system gives to connections, and to whoever listens on any port. */
const first = 20_000;
/** Each worker of a run has so many of its own: one that is left for a moment is not given to a spec of another. */
const size = 1_000;
const own = first + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 10) * size;
let next = randomInt(size);

/** A port that nobody uses now. Nobody is given it meanwhile: it can be left and taken again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = own + (next++ % size);
    const server = createServer().listen(port);
    const isFree = await once(server, 'listening').then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') return false;
        throw error;
      },
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
