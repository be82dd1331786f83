import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import type { StreamingPlace } from '@horde/sdk';
import { UsageError } from '../usage-error.ts';

/** A port of this machine; what connects to it before there is a place is closed. */
export interface ForwardedPort {
  port: number;
  /** Leads to this job from now on. */
  to(place: StreamingPlace): void;
  close(): void;
}

/**
 * Lets programs on this machine reach a streaming job without certificates: each connection to the port becomes one to the
 * job, over mutual TLS.
 *
 * @throws UsageError when the port cannot be had
 */
export async function openPort(port: number): Promise<ForwardedPort> {
  let place: StreamingPlace | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
    if (!place) return void socket.destroy();
    const job = connect(place.tls);
    job.on('error', () => socket.destroy());
    socket.on('close', () => job.destroy());
    socket.pipe(job).pipe(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(`Port ${port} cannot be listened on (${error.code}): name another with --stream.`),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    to: (found) => (place = found),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
