import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A way to a port of this machine that can be cut. */
export interface FaultProxy {
  port: number;
  /** How many connections have come through. */
  opened: number;
  /** How many have been turned away. */
  refused: number;
  /** While it is shut new connections are refused. */
  shut: boolean;
  /** Cuts all connections. */
  cut(): void;
  /** Passes nothing more on, either way, of the connections that there are; neither end is told. */
  blackhole(): void;
  close(): void;
}

/**
 * @param target a port of this machine, or the path of a socket
 * @param bytes after how many bytes, both ways together, a connection is cut by itself; called for each connection
 * @param change what becomes of what is passed on
 */
export async function openFaultProxy(
  target: number | string,
  bytes: () => number = () => Infinity,
  change: (chunk: Buffer) => Buffer = (chunk) => chunk,
): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const server = net.createServer((near) => {
    if (proxy.shut) {
      proxy.refused++;
      return void near.on('error', () => undefined).destroy();
    }
    proxy.opened++;
    const far = net.connect(
      typeof target === 'string' ? { path: target } : { port: target, host: '127.0.0.1' },
    );
    let left = bytes();
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        to.write(change(chunk).subarray(0, Math.max(0, left)));
        left -= chunk.length;
        if (left <= 0) [near, far].forEach((socket) => socket.destroySoon());
      });
    pass(near, far);
    pass(far, near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => [near, far].forEach((one) => sockets.delete(one.destroy())));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = {
    port: (server.address() as AddressInfo).port,
    opened: 0,
    refused: 0,
    shut: false,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    blackhole: () => sockets.forEach((socket) => socket.pause()),
    close: () => {
      proxy.cut();
      server.close();
    },
  };
  return proxy;
}
