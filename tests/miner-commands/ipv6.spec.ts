import { because, missingIpv6 } from '@horde/testing/missing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MinerNetwork } from './miner-network.ts';

describe.skipIf(missingIpv6 !== null)(`a miner that is reached over IPv6${because(missingIpv6)}`, () => {
  let network: MinerNetwork;
  beforeAll(async () => {
    const addresses = { HOST: '::', BITTENSOR_MINER_ADDRESS: '::1', ADDRESS_FOR_EXECUTORS: '::1' };
    network = await MinerNetwork.start(addresses);
    await network.startMiner();
  });
  afterAll(() => network.close());

  it('announces its address', async () => {
    const { said, exitCode } = await network.command(['announce_address_and_port']).ended;
    expect(said).toBe(`The chain has the address of this miner: [::1]:${network.port}.\n`);
    expect(exitCode).toBe(0);
    const { body } = await network.devnet.call('GET', '/api/v1/subnet/12/block/latest/neurons');
    expect(body.neurons[network.hotkey].axon_info).toMatchObject({ ip: '::1', port: network.port });
  });

  it('is tested there: its validator and its executors come over IPv6', async () => {
    const { said, exitCode } = await network.command(['self_test']).ended;
    const place = `\\[::1\\]:${network.port}`;
    expect(said).toMatch(new RegExp(`^OK {4}announced address .*lets validators in at ${place}\\.$`, 'm'));
    expect(said).toMatch(/^OK {4}job always_on\.test +Completed in /m);
    expect(said).toMatch(new RegExp(`^OK {4}receipt pages .*served at http://${place}/receipts/\\.$`, 'm'));
    expect(said).toMatch(/^7 OK, 0 WARN, 0 FAIL$/m);
    expect(exitCode).toBe(0);
  }, 120_000);
});
