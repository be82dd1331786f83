import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';

/** Why a service cannot start: a sentence that tells its operator enough, and is printed without a stack. */
export class CannotStart extends Error {}

/** @throws CannotStart where the operator can do something about it */
export async function listenAt(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => throwTaken(error, host, port));
}

/**
 * A port of its own for some of what a service serves.
 *
 * @param service its server
 * @param passing is told of each request before the service is
 * @throws CannotStart
 */
export async function serveOnly(
  paths: RegExp,
  service: HttpServer,
  { host, port }: { host: string; port: number },
  passing: (request: IncomingMessage) => void = () => undefined,
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    if (!paths.test(request.url ?? '')) return void response.writeHead(404).end();
    passing(request);
    service.emit('request', request, response);
  });
  await listenAt(server, host, port);
  return server;
}

/** @throws what the operator can do something about as a sentence */
export function throwTaken(error: unknown, host: string, port: number): never {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { code } = error as NodeJS.ErrnoException;
  const sentence = {
    EADDRINUSE: `Another program listens on ${where}; ss -ltnp 'sport = :${port}' tells which.`,
    EADDRNOTAVAIL: `This machine has no address ${host} to listen on.`,
    ENOTFOUND: `There is no host ${host} to listen on.`,
    EACCES: `This user may not listen on ${where}.`,
  }[code ?? ''];
  throw sentence === undefined ? error : new CannotStart(sentence, { cause: error });
}
