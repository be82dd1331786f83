import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A wire to a port of this machine that is cut whenever so many more bytes have passed. @returns the url of /d behind it */
export async function cuttingProxy(target: number, bytes: () => number) {
  const server = net.createServer((near) => {
    const far = net.connect(target, '127.0.0.1');
    let left = bytes();
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        to.write(chunk.subarray(0, Math.max(0, left)));
        left -= chunk.length;
        if (left <= 0) [near, far].forEach((socket) => socket.destroySoon());
      });
    pass(near, far);
    pass(far, near);
    for (const socket of [near, far])
      socket.on('error', () => {}).on('close', () => [near, far].forEach((one) => one.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/d`, close: () => server.close() };
}
