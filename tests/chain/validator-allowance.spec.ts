import type { INestApplication } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDevnet, type TestDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { FollowChain } from '../../apps/validator/src/allowance/follow-chain.ts';
import { AllowanceHistory } from '../../apps/validator/src/allowance/history.ts';
import { ValidatorPlace } from '../../apps/validator/src/testing/running-validator.ts';
import { ScriptedNode } from '../../libs/chain/src/testing/scripted-node.ts';

/** So many blocks behind the newest a validator takes none, since they may still be replaced. */
const finality = 5;

/** A validator and the devnet, whose blocks come when a spec says so. */
describe('a validator that follows the devnet', () => {
  let devnet: TestDevnet;
  let place: ValidatorPlace;
  let validator: INestApplication;

  beforeAll(async () => {
    devnet = await startDevnet({ netuid: 12 });
    place = await ValidatorPlace.make();
    await devnet.call('PUT', '/devnet/clock', { block_time: null });
    await devnet.call('PUT', '/devnet/identities/validator', {
      hotkey: place.keypair.address,
      token: 'validator_token',
    });
    await stakes(1);
    await make(Array.from({ length: 40 }, (_, block) => 11 + (block % 7) / 3));
    validator = await place.start({
      BITTENSOR_NETWORK: 'devnet',
      PYLON_ADDRESS: devnet.address,
      FACILITATOR_URI: 'ws://127.0.0.1:1',
    });
  });
  afterAll(async () => {
    await validator?.close();
    await devnet?.close();
    await place?.remove();
  });

  const others = Array.from(
    { length: 19 },
    (_, seed) => Keypair.fromSeed(new Uint8Array(32).fill(seed + 1)).address,
  );
  /** Gives twenty validators stake, each its own, and so many times as much to the spec's. */
  async function stakes(factor: number): Promise<void> {
    const facts = (stake: number) => ({ stake, validator_permit: true, axon: null });
    await devnet.call('PUT', '/devnet/neurons', {
      [place.keypair.address]: facts(1_000.5 * factor),
      ...Object.fromEntries(others.map((hotkey, i) => [hotkey, facts(100 + i / 3)])),
    });
  }
  const make = (durations: number[]) => devnet.call('POST', '/devnet/blocks', { durations });

  /** Every block that the validator should have is there, as the devnet has it. */
  async function expectSameBlocks(): Promise<void> {
    const { body } = await devnet.call('GET', '/api/v1/block/latest');
    const last = body.number - finality;
    const names = async () => {
      await validator.get(FollowChain).follow();
      return place.query<{ number: number; hash: string; at: Date }>(
        'select number, hash, at from allowance_block order by number',
      );
    };
    const expected = await Promise.all(
      Array.from({ length: last + 1 }, async (_, number) => {
        const [extrinsic, validators] = await Promise.all([
          devnet.call('GET', `/api/v1/block/${number}/extrinsic/0`),
          devnet.call('GET', `/api/v1/subnet/12/block/${number}/validators`),
        ]);
        const time = extrinsic.body.call.call_args[0].value as number;
        return { number, hash: validators.body.block.hash as string, at: new Date(time) };
      }),
    );
    await expect.poll(names).toEqual(expected);
  }

  const shareOf = async (block: number) => {
    const blocks = await validator.get(AllowanceHistory).blocks({ from: 0, to: 1_000 });
    return blocks.get(block)?.shares.get(place.keypair.address);
  };
  const share = (factor: number) => {
    const own = 1_000.5 * factor;
    return own / others.reduceRight((sum, _, i) => sum + 100 + i / 3, own);
  };

  it('has each block with its time, however long blocks take', async () => {
    await expectSameBlocks();
    expect(await shareOf(20)).toBe(share(1));
  });

  it('has each block with the stakes as they were at it', async () => {
    await make([12]);
    await stakes(2);
    await make(Array.from({ length: finality + 1 }, () => 12));
    await expectSameBlocks();
    expect([await shareOf(40), await shareOf(41)]).toEqual([share(1), share(2)]);
  });

  it('misses none where answers break off, are late, or say no', async () => {
    await make(Array.from({ length: 60 }, () => 12));
    const faults = [
      { path: '/validators', kind: 'half', times: 7 },
      { path: '/extrinsic', kind: 'refuse', status: 502, times: 5 },
      { path: '/validators', kind: 'refuse', status: 503, times: 3 },
      { path: '/block', kind: 'delay', seconds: 0.01, times: 20 },
    ];
    await devnet.call('PUT', '/devnet/faults', { faults });
    const left = async () => {
      await validator.get(FollowChain).follow();
      return (await devnet.call('GET', '/devnet/faults')).body.faults;
    };
    await expect.poll(left).toEqual([]);
    await expectSameBlocks();
  });

  it('leaves blocks that the chain has replaced, however many', async () => {
    await devnet.call('POST', '/devnet/reorg', { depth: 30 });
    await make([12]);
    await expectSameBlocks();
    await devnet.call('POST', '/devnet/reorg', { depth: 70, loses: true });
    await make([12]);
    await expectSameBlocks();
    expect(await shareOf(60)).toBe(share(1));
  });
});

it('takes blocks over the Pylon that ComputeHorde pins, which tells no times, a node of the chain and its archive', async () => {
  const devnet = await startDevnet({ netuid: 12 });
  onTestFinished(() => devnet.close());
  const place = await ValidatorPlace.make();
  onTestFinished(() => place.remove());
  await devnet.call('PUT', '/devnet/clock', { block_time: null });
  await devnet.call('PUT', '/devnet/identities/validator', {
    hotkey: place.keypair.address,
    token: 'validator_token',
  });
  await devnet.call('POST', '/devnet/blocks', { durations: [12, 12.002, 11, 24, 12, 12, 12, 12, 12, 12] });
  const times = await Promise.all(
    Array.from({ length: 11 }, async (_, number) => {
      const { body } = await devnet.call('GET', `/api/v1/block/${number}/extrinsic/0`);
      return body.call.call_args[0].value as number;
    }),
  );
  const [node, archive] = [await ScriptedNode.start(), await ScriptedNode.start()];
  for (const one of [node, archive]) {
    one.times.splice(0, 1, ...times);
    onTestFinished(() => one.stop());
  }
  node.keptFrom = 4;
  await devnet.call('PUT', '/devnet/faults', {
    faults: [{ path: '/api/v1/block/', kind: 'refuse', status: 404 }],
  });
  const validator = await place.start({
    BITTENSOR_NETWORK: node.address,
    BITTENSOR_ARCHIVE_NETWORK: archive.address,
    PYLON_ADDRESS: devnet.address,
    FACILITATOR_URI: 'ws://127.0.0.1:1',
  });
  onTestFinished(() => validator.close());
  await expect
    .poll(() => place.query<{ at: Date }>('select at from allowance_block order by number'))
    .toEqual(times.slice(0, 11 - finality).map((time) => ({ at: new Date(time) })));
  expect(archive.seen.every(([method]) => method === 'state_getStorage')).toBe(true);
});
