import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection to the facilitator that has one request open at a time, and costs as little as it can: it shares the processors. */
export class Asker {
  private received = '';
  private answered = Promise.withResolvers<string>();

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => this.hear(text));
    socket.on('close', () => this.answered.reject(new Error('The facilitator has closed the connection.')));
  }

  static async connect(url: string): Promise<Asker> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Asker(socket);
  }

  /** @param request its whole text @returns the answer's body @throws when the answer is no 2xx */
  ask(request: Buffer): Promise<string> {
    this.received = '';
    this.answered = Promise.withResolvers();
    this.socket.write(request);
    return this.answered.promise;
  }

  close(): void {
    this.answered.promise.catch(() => undefined);
    this.socket.destroy();
  }

  private hear(text: string): void {
    this.received += text;
    const body = this.received.indexOf('\r\n\r\n') + 4;
    const size = Number(/\r\ncontent-length: (\d+)/i.exec(this.received)?.[1]);
    if (body < 4 || this.received.length < body + size) return;
    if (this.received.startsWith('HTTP/1.1 2')) this.answered.resolve(this.received.slice(body));
    else this.answered.reject(new Error(`The facilitator answers: ${this.received}`));
  }
}
