import type { PublicAddress } from '@horde/executor-manager';
import type { MinerSettings } from '../settings.ts';
import { addressForExecutors } from './address-for-executors.ts';

type Places = Pick<MinerSettings, 'minerAddress' | 'addressForExecutors' | 'executorManager'>;

/**
 * The address that users reach jobs on the miner's own machine at: its public one; where it has none, the configured one,
 * which is that of a network without the internet; where none is configured either, the one that executors in
 * containers reach this machine at. ComputeHorde's miner tells the address of the executor's container then, which nobody
 * outside the machine reaches.
 */
export async function machineAddress(
  places: Places,
  publicAddress: Pick<PublicAddress, 'get'>,
): Promise<string> {
  const known = await publicAddress.get();
  if (known !== null) return known;
  return places.minerAddress === 'auto' ? addressForExecutors(places) : places.minerAddress;
}
