import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves files of any size: `/{bytes}`. */
export async function bigFileServer(): Promise<{
  url: (bytes: number) => string;
  close: () => Promise<void>;
}> {
  const piece = Buffer.alloc(256 * 1024, 'horde');
  const server = http.createServer((request, response) => {
    let left = Number(request.url!.slice(1));
    response.writeHead(200, { 'content-length': left });
    const write = () => {
      while (left > 0) {
        const next = piece.subarray(0, Math.min(left, piece.length));
        left -= next.length;
        if (!response.write(next)) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (bytes) => `http://127.0.0.1:${port}/${bytes}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
