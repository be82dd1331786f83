import { DevnetChain } from '@horde/chain';
import { Keypair } from '@horde/identity';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startDevnet, type TestDevnet } from '../testing/start-devnet.ts';

const genesis = Date.parse('2026-01-01T00:00:00Z');
const hotkey = Keypair.fromSeed(new Uint8Array(32).fill(1)).address;

let devnet: TestDevnet;
let chain: DevnetChain;
let now: number;

beforeEach(async () => {
  now = genesis;
  devnet = await startDevnet({ now: () => now });
  chain = new DevnetChain({ address: devnet.address, netuid: 12 });
  await devnet.call('PUT', '/devnet/clock', { block_time: null });
});
afterEach(() => devnet.close());

it('makes blocks when it is told to, and no others', async () => {
  now += 3_600_000;
  expect(await chain.latestBlock()).toMatchObject({ number: 0 });
  const { status, body } = await devnet.call('POST', '/devnet/blocks', { count: 722 });
  expect(status).toBe(200);
  expect(body).toEqual({
    block: { number: 722, hash: (await chain.latestBlock()).hash, timestamp: genesis + 722 * 12_000 },
    block_time: null,
    variation: 0,
  });
  expect(await chain.blockTime(100)).toBe(genesis + 1_200_000);
});

it('makes them as long as it is told to', async () => {
  await devnet.call('POST', '/devnet/blocks', { durations: [12, 0.25, 24] });
  const times = await Promise.all([1, 2, 3].map((block) => chain.blockTime(block)));
  expect(times.map((time) => time! - genesis)).toEqual([12_000, 12_250, 36_250]);
});

it('goes on by itself at another pace, with blocks that vary', async () => {
  const { body } = await devnet.call('PUT', '/devnet/clock', { block_time: 2, variation: 0.5 });
  expect(body).toMatchObject({ block: { number: 0 }, block_time: 2, variation: 0.5 });
  now += 20_000;
  const { number } = await chain.latestBlock();
  expect(number).toBeGreaterThanOrEqual(9);
  const times = await Promise.all([1, 2, 3, 4].map((block) => chain.blockTime(block)));
  expect(new Set(times.slice(1).map((time, i) => time! - times[i]!)).size).toBe(3);
});

it('replaces blocks by others, with or without what happened in them', async () => {
  await devnet.call('POST', '/devnet/blocks', { count: 5 });
  const participant = { stake: 1, validator_permit: true, axon: null };
  await devnet.call('PUT', `/devnet/neurons/${hotkey}`, participant);
  await devnet.call('POST', '/devnet/blocks', { count: 1 });
  const before = await Promise.all([4, 5, 6].map((block) => chain.validators(block)));
  await devnet.call('POST', '/devnet/reorg', { depth: 2 });
  const after = await Promise.all([4, 5, 6].map((block) => chain.validators(block)));
  expect(after[0]).toEqual(before[0]);
  expect(after.map(({ block }) => block.number)).toEqual([4, 5, 6]);
  for (const block of [1, 2]) {
    expect(after[block]!.block.hash).not.toBe(before[block]!.block.hash);
    expect(after[block]!.validators).toEqual(before[block]!.validators);
  }
  await devnet.call('POST', '/devnet/reorg', { depth: 2, loses: true });
  expect((await chain.validators(6)).validators).toEqual([]);
});

it.each([
  ['POST', '/devnet/blocks', {}, 'count must be a whole number from 1 to 10000.'],
  ['POST', '/devnet/blocks', { count: 0 }, 'count must be a whole number from 1 to 10000.'],
  ['POST', '/devnet/blocks', { durations: [] }, 'durations must be a list of 1 to 10000 numbers.'],
  ['POST', '/devnet/blocks', { durations: [0] }, 'Each of durations must be a number of seconds'],
  ['PUT', '/devnet/clock', {}, 'block_time must be a number of seconds from 0.01 to 86400.'],
  ['PUT', '/devnet/clock', { block_time: 1, variation: 1 }, 'variation must be a number from 0 to 0.9.'],
  ['POST', '/devnet/reorg', { depth: 0 }, 'depth must be a whole number from 1 to 10000.'],
  ['POST', '/devnet/reorg', { depth: 1, loses: 'yes' }, 'loses must be true or false.'],
])('%s %s %j is refused with one sentence', async (method, path, body, sentence) => {
  expect(await devnet.call(method, path, body)).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining(sentence) },
  });
});
