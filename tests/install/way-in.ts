import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { bridgeGateway } from '@horde/executor-manager';
import Docker from 'dockerode';

/** Leads servers to a port of this machine's loopback, and knows which are connected. */
export class WayIn {
  private readonly sockets = new Map<Socket, string>();

  private constructor(
    private readonly server: Server,
    private readonly host: string,
  ) {}

  static async to(port: number): Promise<WayIn> {
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      way.sockets.set(near, near.remoteAddress!.replace('::ffff:', ''));
      near.once('close', () => way.sockets.delete(near));
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => other.destroy());
        one.pipe(other);
      }
    });
    const way = new WayIn(server, await bridgeGateway(new Docker()));
    await once(server.listen(0, '0.0.0.0'), 'listening');
    return way;
  }

  /** HOST:PORT for servers. */
  get address(): string {
    return `${this.host}:${(this.server.address() as AddressInfo).port}`;
  }

  /** The addresses of those that are connected. */
  get connected(): string[] {
    return [...new Set(this.sockets.values())];
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets.keys()) socket.destroy();
  }
}
