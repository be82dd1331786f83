import { PublicAddress } from '@horde/executor-manager';
import { describe, expect, it } from 'vitest';
import { machineAddress } from './machine-address.ts';

const nobodyAnswers: string[] = [];

describe('the address of jobs on the miner’s own machine', () => {
  it.each([
    ['93.184.216.34', '172.17.0.1', '93.184.216.34'],
    ['10.1.2.3', '172.17.0.1', '10.1.2.3'],
    ['127.0.0.1', '172.17.0.1', '127.0.0.1'],
    ['fd00::2', '172.17.0.1', 'fd00::2'],
    ['auto', '172.17.0.1', '172.17.0.1'],
    ['auto', '[fd00::1]', 'fd00::1'],
  ])(
    'of %s, with executors that connect to %s, is %s',
    async (minerAddress, addressForExecutors, address) => {
      const publicAddress = new PublicAddress({ configured: minerAddress, services: nobodyAnswers });
      const places = { minerAddress, addressForExecutors, executorManager: 'docker' };
      expect(await machineAddress(places, publicAddress)).toBe(address);
    },
  );

  it('is what the internet sees where none is configured', async () => {
    const places = { minerAddress: 'auto', addressForExecutors: '172.17.0.1', executorManager: 'docker' };
    expect(await machineAddress(places, { get: async () => '93.184.216.34' })).toBe('93.184.216.34');
  });
});
