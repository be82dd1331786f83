import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { mapContract } from './contract-source.ts';

const address = '0x6034a34677b7c715EA97ED25Ee6B2A8DcB7c641E';

interface Call {
  id: number;
  method: string;
  params: [{ to: string; data: string }, string];
}

/** A node with the contract: what it says of keys, and what it was asked. */
const node = { values: new Map<string, string>(), calls: [] as Call[], error: '' };

/** A text as Solidity's ABI has it: where it begins, its length in bytes, itself up to a multiple of 32 bytes. */
function abiText(value: string): string {
  const bytes = Buffer.from(value);
  const word = (number: number) => number.toString(16).padStart(64, '0');
  return word(32) + word(bytes.length) + bytes.toString('hex').padEnd(Math.ceil(bytes.length / 32) * 64, '0');
}

function answer(call: Call) {
  node.calls.push(call);
  if (node.error) return { jsonrpc: '2.0', id: call.id, error: { code: -32_000, message: node.error } };
  const data = call.params[0].data;
  // The first four bytes of the keccak of `value(string)`.
  if (call.method !== 'eth_call' || !data.startsWith('0xc6e15443'))
    return { jsonrpc: '2.0', id: call.id, error: { code: -32_601, message: 'no such method' } };
  const length = Number.parseInt(data.slice(10 + 64, 10 + 128), 16);
  const key = Buffer.from(data.slice(10 + 128, 10 + 128 + length * 2), 'hex').toString();
  return { jsonrpc: '2.0', id: call.id, result: `0x${abiText(node.values.get(key) ?? '')}` };
}

const handle = (body: string): string => {
  const asked = JSON.parse(body) as Call | Call[];
  return JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked));
};

let web: http.Server;
let sockets: WebSocketServer;
beforeAll(async () => {
  web = http.createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(handle(await text(request)));
  });
  sockets = new WebSocketServer({ server: web });
  sockets.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => socket.send(handle(data.toString()))),
  );
  await once(web.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  sockets.close();
  web.close();
});
beforeEach(() => {
  node.calls = [];
  node.error = '';
  node.values = new Map([
    ['DYNAMIC_BURN_RATE', '0.25'],
    ['DYNAMIC_EXECUTOR_CLASS_WEIGHTS', '"always_on.llm.a6000=1,spin_up-4min.gpu-24gb=99"'],
    ['DYNAMIC_EMPTY', ''],
    ['DYNAMIC_BROKEN', '{'],
    ['SERVING', 'false'],
  ]);
});

const keys = [
  ...'BURN_RATE EXECUTOR_CLASS_WEIGHTS EMPTY BROKEN UNKNOWN'.split(' ').map((key) => `DYNAMIC_${key}`),
  'SERVING',
];
const nodeAt = (scheme: string) => `${scheme}://127.0.0.1:${(web.address() as AddressInfo).port}`;

describe.each(['http', 'ws'])('a contract with settings, asked over %s', (scheme) => {
  it('says each key’s value as JSON; what is empty or cannot be read says nothing, and the operator’s keys are not asked for', async () => {
    const [document] = await mapContract({ address, node: nodeAt(scheme) }).read(keys);
    expect(document).toEqual({
      DYNAMIC_BURN_RATE: { items: [{ value: 0.25 }] },
      DYNAMIC_EXECUTOR_CLASS_WEIGHTS: {
        items: [{ value: 'always_on.llm.a6000=1,spin_up-4min.gpu-24gb=99' }],
      },
    });
    expect(node.calls.map(({ params }) => params[0].to.toLowerCase())).toEqual(
      Array(5).fill(address.toLowerCase()),
    );
    await expect.poll(() => sockets.clients.size).toBe(0);
  });

  it('that cannot be asked is an error with its address and the node’s words', async () => {
    node.error = 'execution reverted';
    await expect(mapContract({ address, node: nodeAt(scheme) }).read(keys)).rejects.toThrow(
      /^The contract 0x6034\w+ cannot be asked at 127\.0\.0\.1:\d+: .*reverted/,
    );
  });
});

it('a node that is away is said, without what may be secret in its address', async () => {
  const away = mapContract({ address, node: 'ws://127.0.0.1:1/?key=secret' });
  await expect(away.read(keys)).rejects.toThrow(
    expect.objectContaining({ name: 'SourceError', message: expect.not.stringContaining('secret') }),
  );
});
