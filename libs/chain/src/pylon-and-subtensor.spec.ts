import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PylonAndSubtensor, SubtensorChain } from './index.ts';
import { ScriptedNode } from './testing/scripted-node.ts';

let node: ScriptedNode;
let pylon: Server;
/** Path -> what Pylon answers with 200; anything else is not there. */
let answers: Record<string, unknown>;

beforeEach(async () => {
  node = await ScriptedNode.start();
  node.makeBlock();
  node.makeBlock();
  answers = {
    '/api/v1/subnet/12/block/2/validators': { block: { number: 2, hash: '0x02' }, validators: [] },
  };
  pylon = createServer((request, response) => {
    const body = answers[request.url!];
    response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? { detail: 'Not Found' }));
  });
  await new Promise<void>((resolve) => pylon.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await node.stop();
  await new Promise((resolve) => pylon.close(resolve).closeAllConnections());
});

const chain = () =>
  new PylonAndSubtensor(
    {
      address: `http://127.0.0.1:${(pylon.address() as AddressInfo).port}`,
      netuid: 12,
      openAccessToken: 'a-token',
    },
    new SubtensorChain({ address: node.address, archive: null, netuid: 12 }),
  );

it('asks a node for the newest block that Pylon does not tell, and Pylon all the same when no node answers', async () => {
  answers['/api/v1/subnet/12/block/latest/validators'] = {
    block: { number: 1, hash: '0x01' },
    validators: [],
  };
  const both = chain();
  expect(await both.latestBlock()).toEqual({ number: 2, hash: node.hash(2) });
  node.instead = () => ({ error: { code: -32_000, message: 'too busy' } });
  expect(await both.latestBlock()).toEqual({ number: 1, hash: '0x01' });
});

it('asks no node for the newest block that Pylon tells', async () => {
  answers['/api/v1/block/latest'] = { number: 7, hash: '0x07', timestamp: 1 };
  expect((await chain().latestBlock()).number).toBe(7);
  expect(node.seen).toEqual([]);
});

it('asks a node for the time of a block that Pylon does not tell', async () => {
  expect(await chain().blockTime(2)).toBe(node.times[2]);
});

it('asks a node where Pylon cannot read the block, and what the node says of it counts', async () => {
  answers['/api/v1/block/2/extrinsic/0'] = { call: 'something else' };
  expect(await chain().blockTime(2)).toBe(node.times[2]);
  await expect(chain().blockTime(99)).rejects.toMatchObject({
    message: `The chain's node at ${node.address} has no block 99.`,
  });
});

it('asks no node for a time that Pylon tells', async () => {
  const call = { call_module: 'Timestamp', call_function: 'set', call_args: [{ name: 'now', value: 5 }] };
  answers['/api/v1/block/2/extrinsic/0'] = { call };
  expect(await chain().blockTime(2)).toBe(5);
  expect(node.seen).toEqual([]);
});

it('asks a node what the subnet asks of those who take part', async () => {
  expect(await chain().hyperparameters()).toMatchObject({ tempo: 100 });
  expect(node.seen.map(([method]) => method)).toEqual(['state_call']);
});

it('asks a node for the hash of a block, and Pylon where no node answers', async () => {
  expect(await chain().blockHash(2)).toBe(node.hash(2));
  await expect(chain().blockHash(99)).rejects.toMatchObject({ kind: 'absent' });
  node.instead = () => ({ error: { code: -32_000, message: 'too busy' } });
  expect(await chain().blockHash(2)).toBe('0x02');
});
