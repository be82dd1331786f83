import { DevnetChain, PylonChain, type SigningChain } from '@horde/chain';
import type { MinerSettings } from '../settings.ts';

/** The chain over Pylon, with the miner's identity there; the network `devnet` can do what Pylon cannot. */
export function makeChain({
  pylonAddress,
  pylonIdentityToken,
  netuid,
  network,
}: MinerSettings): SigningChain {
  const Adapter = network === 'devnet' ? DevnetChain : PylonChain;
  return new Adapter({
    address: pylonAddress,
    netuid,
    identity: { name: 'miner', token: pylonIdentityToken },
  });
}
