import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

interface Call {
  id: number;
  method: string;
  params: unknown[];
}

/** What Subtensor's own runtime (node-subtensor 218) answered for a subnet that nobody has changed. */
export const recordedHyperparameters =
  '28feff0100014000feff03009101025a620213ffffffffffffff3f0091019101214e011002286bee0700e8764817c26c3c0010c801' +
  '0100025a620204009a990300cecc020000';

/** A node of the chain that answers what a spec tells it to, over a real websocket. */
export class ScriptedNode {
  /** When its blocks were made, from the very first one on, which has no time. @unit ms since 1970 */
  readonly times: (number | null)[] = [null];
  /** The state of blocks before this one is gone. */
  keptFrom = 0;
  /** What it answers to a runtime call, in hex. */
  runtimeAnswer: unknown = `0x01${recordedHyperparameters}`;
  /** Answers a call in another way; undefined: as it is. */
  instead: (call: Call, socket: WebSocket) => object | 'nothing' | undefined = () => undefined;
  readonly seen: [method: string, params: unknown[]][] = [];
  connections = 0;
  readonly address: string;

  private constructor(
    private readonly name: string,
    private readonly server: WebSocketServer,
  ) {
    this.address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      this.connections++;
      socket.on('message', (data: Buffer) => {
        const call = JSON.parse(data.toString()) as Call;
        this.seen.push([call.method, call.params]);
        const other = this.instead(call, socket);
        if (other === 'nothing') return;
        socket.send(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...(other ?? this.answer(call)) }));
      });
    });
  }

  /** @param name what its blocks' hashes are made of: another chain has other ones */
  static async start(name = 'chain'): Promise<ScriptedNode> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    return new ScriptedNode(name, server);
  }

  /** Makes a block 12 seconds after the last one. */
  makeBlock(): void {
    this.times.push((this.times.at(-1) ?? 1_767_225_600_001) + 12_000);
  }

  hash(block: number): string {
    return `0x${createHash('sha256').update(`${this.name} ${block}`).digest('hex')}`;
  }

  /** Ends all connections, and still listens. */
  hangUp(): void {
    for (const socket of this.server.clients) socket.terminate();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer({ method, params }: Call): object {
    const newest = this.times.length - 1;
    const blockOf = (hash: unknown) => this.times.findIndex((_, block) => this.hash(block) === hash);
    switch (method) {
      case 'chain_getBlockHash': {
        const block = (params[0] ?? newest) as number;
        return { result: block <= newest ? this.hash(block) : null };
      }
      case 'chain_getHeader':
        return { result: { number: `0x${blockOf(params[0]).toString(16)}` } };
      case 'state_getStorage': {
        const block = blockOf(params[1]);
        if (block < this.keptFrom) {
          const why = block < 0 ? 'Header was not found in the database' : 'State already discarded for';
          return { error: { code: 4003, message: `Client error: UnknownBlock: ${why}: ${params[1]}` } };
        }
        const time = this.times[block]!;
        return { result: time === null ? null : littleEndian(time) };
      }
      case 'state_call':
        return { result: this.runtimeAnswer };
      default:
        return { error: { code: -32_601, message: 'Method not found' } };
    }
  }
}

function littleEndian(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return `0x${bytes.toString('hex')}`;
}
