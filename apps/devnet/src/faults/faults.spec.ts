import { PylonChain } from '@horde/chain';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startDevnet, type TestDevnet } from '../testing/start-devnet.ts';

const neurons = '/api/v1/subnet/12/block/latest/neurons';

let devnet: TestDevnet;
let chain: PylonChain;

beforeAll(async () => {
  devnet = await startDevnet();
  chain = new PylonChain({ address: devnet.address, netuid: 12 });
});
afterEach(() => devnet.call('DELETE', '/devnet/faults'));
afterAll(() => devnet.close());

const fault = (...faults: object[]) => devnet.call('PUT', '/devnet/faults', { faults });

describe('on demand the chain', () => {
  it('refuses a call, as often as it is told to', async () => {
    await fault({ path: '/neurons', kind: 'refuse', times: 1 });
    await expect(chain.neurons()).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('502: A fault that was asked for.'),
    });
    expect((await chain.neurons()).neurons).toEqual([]);
    expect((await devnet.call('GET', '/devnet/faults')).body).toEqual({ faults: [] });
  });

  it('refuses with the status that it is told', async () => {
    await fault({ kind: 'refuse', status: 429 });
    expect(await devnet.call('GET', neurons)).toMatchObject({ status: 429, body: { status_code: 429 } });
  });

  it('answers half, and the rest when it is asked again', async () => {
    await fault({ path: '/neurons', kind: 'half', times: 1 });
    await expect(devnet.call('GET', neurons)).rejects.toThrow('terminated');
    await fault({ path: '/neurons', kind: 'half', times: 2 });
    expect((await chain.neurons()).neurons).toEqual([]);
  });

  it('never answers half', async () => {
    await fault({ kind: 'half' });
    await expect(chain.neurons()).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('does not answer, and still answers others', async () => {
    await fault({ path: '/neurons', kind: 'silence', times: 1 });
    const never = fetch(devnet.address + neurons, { signal: AbortSignal.timeout(300) });
    await expect(never).rejects.toMatchObject({ name: 'TimeoutError' });
    expect((await chain.latestBlock()).number).toBeGreaterThanOrEqual(0);
  });

  it('answers late, and rightly', async () => {
    await fault({ kind: 'delay', seconds: 0.05 });
    expect((await chain.neurons()).neurons).toEqual([]);
  });
});

it('only calls of Pylon go wrong, not the commands that end it', async () => {
  await fault({ kind: 'silence' });
  expect((await devnet.call('GET', '/devnet/state')).status).toBe(200);
});

it.each([
  [{}, 'faults must be a list.'],
  [{ faults: [{}] }, 'kind must be one of refuse, delay, half, silence.'],
  [{ faults: [{ kind: 'refuse', status: 200 }] }, 'status must be a whole number from 400 to 599.'],
  [{ faults: [{ kind: 'half', path: 5 }] }, 'path must be text'],
  [{ faults: [{ kind: 'half', times: 0 }] }, 'times must be a whole number from 1 to 1000000.'],
])('%j is refused with one sentence', async (body, sentence) => {
  expect(await devnet.call('PUT', '/devnet/faults', body)).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining(sentence) },
  });
});
