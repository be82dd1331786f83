import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDevnet, type TestDevnet } from '../../../apps/devnet/src/testing/start-devnet.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';

type Scope = 'identity' | 'open_access';
/** What the library made of an answer; or the class of its error, and those that it is one of. */
interface Outcome {
  answer?: Record<string, unknown>;
  error?: string[];
}

const netuid = 12;
const address = (seed: number) => Keypair.fromSeed(new Uint8Array(32).fill(seed)).address;
const [validator, miner, stranger] = [address(1), address(2), address(3)];
/** The devnet's newest block; all that is registered is so since block 0. */
const newest = 4;

/** ComputeHorde's client of Pylon talks to our devnet: every call that its services make. */
export function pylonChecks(generation: Generation, peer: Peer): void {
  const isNew = generation === 'new';
  let devnet: TestDevnet;

  beforeAll(async () => {
    devnet = await startDevnet({ netuid, now: () => Date.parse('2026-01-01T00:00:00Z') });
    await devnet.call('PUT', '/devnet/clock', { block_time: null });
    await devnet.call('PUT', '/devnet/identities/validator', { hotkey: validator, token: 'a-token' });
    await devnet.call('PUT', '/devnet/neurons', {
      [validator]: { stake: 7.5, validator_permit: true, axon: null },
      [miner]: {
        coldkey: stranger,
        stake: 1,
        validator_permit: false,
        axon: { ip: '2001:db8::1', port: 8000 },
      },
    });
    await devnet.call('POST', '/devnet/blocks', { count: newest });
  });
  afterAll(() => devnet?.close());

  const ask = (scope: Scope, method: string, ...arguments_: unknown[]) =>
    peer.ask<Outcome>('pylon', {
      method,
      scope,
      netuid,
      arguments: arguments_,
      address: devnet.address,
      identity_name: 'validator',
      identity_token: 'a-token',
      open_access_token: 'another',
    });
  const answerOf = async (...call: Parameters<typeof ask>) => {
    const { answer, error } = await ask(...call);
    expect(error).toBeUndefined();
    return answer!;
  };
  const block = (number: number) => ({ number, hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
  const neuron = (hotkey: string, uid: number, facts: object) =>
    expect.objectContaining({ hotkey, uid, coldkey: hotkey, last_update: 0, active: true, ...facts });
  const validatorNeuron = neuron(validator, 0, {
    validator_permit: true,
    stakes: expect.objectContaining({ total: 7.5 }),
    axon_info: { ip: '0.0.0.0', port: 0, protocol: 0 },
  });
  const minerNeuron = neuron(miner, 1, {
    coldkey: stranger,
    validator_permit: false,
    axon_info: { ip: '2001:db8::1', port: 8000, protocol: 4 },
  });

  const both = ['identity', 'open_access'] as const;
  it.each(both)('reads neurons and validators, %s', async (scope) => {
    const neurons = { [validator]: validatorNeuron, [miner]: minerNeuron };
    for (const method of ['get_latest_neurons', 'get_recent_neurons'])
      expect(await answerOf(scope, method)).toEqual({ block: block(newest), neurons });
    expect(await answerOf(scope, 'get_neurons', 2)).toEqual({ block: block(2), neurons });
    const validators = [validatorNeuron];
    expect(await answerOf(scope, 'get_latest_validators')).toEqual({ block: block(newest), validators });
    expect(await answerOf(scope, 'get_validators', 0)).toEqual({ block: block(0), validators });
  });

  it.each(both)('is told that a block or a commitment is not there, %s', async (scope) => {
    const calls = [
      await ask(scope, 'get_neurons', 1_000),
      await ask(scope, 'get_validators', 1_000),
      await ask(scope, 'get_commitment', stranger),
    ];
    const missing = isNew ? 'PylonNotFound' : 'PylonResponseException';
    for (const { error } of calls) expect(error?.[0]).toBe(missing);
  });

  it('commits, and reads commitments back', async () => {
    const { error } = await ask('identity', 'get_own_commitment');
    expect(error).toContain('PylonResponseException');
    await answerOf('identity', 'set_commitment', '0x3c4d3a41313e');
    const commitment = {
      hotkey: validator,
      commitment: '0x3c4d3a41313e',
      block: block(newest),
      ...(isNew && { commitment_block_number: newest }),
    };
    expect(await answerOf('identity', 'get_own_commitment')).toEqual(commitment);
    for (const scope of both) {
      expect(await answerOf(scope, 'get_commitment', validator)).toEqual(commitment);
      expect(await answerOf(scope, 'get_commitments')).toEqual({
        block: block(newest),
        commitments: { [validator]: '0x3c4d3a41313e' },
      });
    }
  });

  it('hands in weights', async () => {
    await answerOf('identity', 'put_weights', { [miner]: 0.75, [validator]: 0.25 });
    const { body } = await devnet.call('GET', '/devnet/state');
    expect(body.weights).toEqual([
      { block: newest, hotkey: validator, weights: { [miner]: 0.75, [validator]: 0.25 } },
    ]);
  });

  if (!isNew) return;
  it('reads the newest block, what it begins with, and certificates', async () => {
    const time = Date.parse('2026-01-01T00:00:00Z') + newest * 12_000;
    expect(await answerOf('open_access', 'get_latest_block_info')).toEqual({
      ...block(newest),
      timestamp: time / 1_000,
    });
    expect(await answerOf('open_access', 'get_extrinsic', newest, 0)).toMatchObject({
      block_number: newest,
      extrinsic_index: 0,
      call: { call_module: 'Timestamp', call_function: 'set', call_args: [{ name: 'now', value: time }] },
    });
    expect((await ask('open_access', 'get_extrinsic', newest, 1)).error?.[0]).toBe('PylonNotFound');
    expect((await ask('identity', 'get_certificate', validator)).error?.[0]).toBe('PylonNotFound');
    const path = `/api/v1/identity/validator/subnet/${netuid}/certificates/self`;
    const { body } = await devnet.call('POST', path, { algorithm: 1 });
    expect(await answerOf('identity', 'get_certificate', validator)).toEqual({
      algorithm: 1,
      public_key: body.public_key,
    });
  });
}
