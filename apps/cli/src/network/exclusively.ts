import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs work while no other process on this machine runs work of the same name. The lock is a name in the kernel (an
 * abstract socket), so that it goes with its process, however that ends.
 */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const address = `\0horde-${createHash('sha256').update(name).digest('hex')}`;
  let lock: Server | null;
  while ((lock = await hold(address)) === null) await sleep(20);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

/** null: somebody else has it. */
function hold(address: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}
