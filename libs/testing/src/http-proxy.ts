import { once } from 'node:events';
import http from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TestProxy {
  /** `http://127.0.0.1:port` */
  url: string;
  port: number;
  /** What it was asked for: the URL of a plain request, `CONNECT host:port` for a tunnel. */
  asked: string[];
  /** The Proxy-Authorization of each. */
  logins: (string | undefined)[];
}

/** An HTTP proxy for one test, to which every host is one server on this machine. */
export async function serveProxy(target: { port: number }, refusal?: number): Promise<TestProxy> {
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  const proxy = http.createServer((request, response) => {
    asked.push(request.url!);
    logins.push(request.headers['proxy-authorization']);
    if (refusal) return void response.writeHead(refusal).end();
    const { pathname, search } = new URL(request.url!);
    const { method, headers } = request;
    const passedOn = http.request(
      { port: target.port, host: '127.0.0.1', method, path: pathname + search, headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(passedOn);
  });
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    logins.push(request.headers['proxy-authorization']);
    socket.on('error', () => {});
    if (refusal) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const tunnel = connect(target.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(tunnel).pipe(socket);
    });
    tunnel.on('error', () => {});
    tunnel.on('close', () => socket.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(async () => {
    proxy.close();
    proxy.closeAllConnections();
    await once(proxy, 'close');
  });
  const { port } = proxy.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked, logins };
}
