import type { Socket } from 'node:net';
import { reasonOf } from '@horde/network';
import { WebSocket } from 'ws';

/** What is asked for here is small. @unit bytes */
const maxAnswer = 1024 * 1024;

/** What a node answered: a result, or that it will not. */
export type RpcAnswer = { result: unknown } | { error: { code: unknown; message: string } };

/** One websocket to a node, for any number of JSON-RPC calls at a time. It keeps no process alive by itself. */
export class SubtensorLine {
  private readonly waiting = new Map<number, PromiseWithResolvers<RpcAnswer>>();
  private asked = 0;
  /** Settles when the connection is over. */
  readonly ended: Promise<void>;

  private constructor(private readonly socket: WebSocket) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    socket.on('message', (data: Buffer) => this.take(parse(data.toString())));
    socket.on('close', () => {
      resolve();
      for (const { reject } of this.waiting.values()) reject(new Error('it closed the connection'));
    });
  }

  /** @param limit for connecting. @unit ms */
  static open(address: string, limit: number): Promise<SubtensorLine> {
    const socket = new WebSocket(address, {
      perMessageDeflate: false,
      maxPayload: maxAnswer,
      handshakeTimeout: limit,
      followRedirects: false,
    });
    let stream: Socket | undefined;
    socket.once('upgrade', (response) => (stream = response.socket));
    const { promise, resolve, reject } = Promise.withResolvers<SubtensorLine>();
    // After the handshake as well: what then goes wrong ends in `close`.
    socket.on('error', (error) => reject(new Error(reasonOf(error))));
    const line = new SubtensorLine(socket);
    socket.once('open', () => {
      stream?.unref();
      resolve(line);
    });
    return promise;
  }

  /** @param limit for the answer; without one the connection is given up. @unit ms @throws Error that says why there is none */
  ask(method: string, params: unknown[], limit: number): Promise<RpcAnswer> {
    const id = ++this.asked;
    const waiting = Promise.withResolvers<RpcAnswer>();
    this.waiting.set(id, waiting);
    const timer = setTimeout(() => {
      waiting.reject(new Error(`no answer within ${limit / 1000} s`));
      this.socket.terminate();
    }, limit);
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), (error) => {
      if (error) waiting.reject(error);
    });
    return waiting.promise.finally(() => {
      clearTimeout(timer);
      this.waiting.delete(id);
    });
  }

  /** An answer to nothing that was asked is passed over. */
  private take(message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    const { id, result, error } = message as Record<string, unknown>;
    const waiting = typeof id === 'number' ? this.waiting.get(id) : undefined;
    if (typeof error === 'object' && error !== null) {
      const { code, message: text } = error as Record<string, unknown>;
      waiting?.resolve({ error: { code, message: typeof text === 'string' ? text : '' } });
    } else waiting?.resolve({ result });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
