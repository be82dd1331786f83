import { once } from 'node:events';
import net from 'node:net';

/** The address that the embedded server listens on, and nothing else. */
export const address = '127.0.0.1';

/** A free port: the wanted one, else the first free one after it; without a wish any. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted === undefined) return bind(0);
  for (let port = wanted; port <= 65_535; port++) {
    try {
      return await bind(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return bind(0);
}

async function bind(port: number): Promise<number> {
  const server = net.createServer().listen(port, address);
  await once(server, 'listening');
  const bound = (server.address() as net.AddressInfo).port;
  server.close();
  await once(server, 'close');
  return bound;
}
