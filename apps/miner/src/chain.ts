import { PylonChain, type Chain } from '@horde/chain';
import type { MinerSettings } from './settings.ts';

/** The chain over Pylon, with the miner's identity there. */
export const makeChain = ({ pylonAddress, pylonIdentityToken, netuid }: MinerSettings): Chain =>
  new PylonChain({ address: pylonAddress, netuid, identity: { name: 'miner', token: pylonIdentityToken } });
