import { once } from 'node:events';
import net from 'node:net';
import { startRedis, type TestRedis } from '@horde/testing/redis';
import { Link } from './link.ts';

/** The network's own Redis, which holds what it has in memory only, behind a link. */
export class Redis {
  private constructor(
    private server: TestRedis,
    private readonly link: Link,
  ) {}

  static async start(): Promise<Redis> {
    const server = await startRedis();
    return new Redis(server, await Link.open('services to Redis', server.url, false));
  }

  /** Where services find it. */
  get url(): string {
    return `redis://127.0.0.1:${this.link.port}`;
  }

  async flush(): Promise<void> {
    const socket = net.connect({ path: this.server.url });
    socket.end('FLUSHALL\r\nQUIT\r\n').resume();
    await once(socket, 'close');
  }

  /** It is gone, with all that it held. */
  async kill(): Promise<void> {
    this.link.cut(true);
    this.server = await this.server.replace();
  }

  comeBack(): void {
    this.link.heal();
  }

  async close(): Promise<void> {
    this.link.close();
    await this.server.stop();
  }
}
