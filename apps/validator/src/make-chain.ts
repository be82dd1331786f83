import {
  DevnetChain,
  PylonAndSubtensor,
  PylonChain,
  SubtensorChain,
  subtensorAddress,
  type SigningChain,
} from '@horde/chain';
import { SettingsError } from '@horde/settings';
import type { ValidatorSettings } from './settings.ts';

/**
 * The chain over Pylon, with the validator's identity there, and over the chain's own nodes; the network `devnet` tells
 * everything by itself, and with `none` only Pylon is asked. @throws SettingsError
 */
export function makeChain({
  pylonAddress,
  pylonIdentityToken,
  netuid,
  network,
  archiveNetwork,
}: ValidatorSettings): SigningChain {
  const pylon = {
    address: pylonAddress,
    netuid,
    identity: { name: 'validator', token: pylonIdentityToken },
  };
  if (network === 'devnet') return new DevnetChain(pylon);
  if (network === 'none') return new PylonChain(pylon);
  const subtensor = new SubtensorChain({
    address: addressOf('BITTENSOR_NETWORK', network),
    archive: archiveNetwork === 'none' ? null : addressOf('BITTENSOR_ARCHIVE_NETWORK', archiveNetwork),
    netuid,
  });
  return new PylonAndSubtensor(pylon, subtensor);
}

function addressOf(variable: string, network: string): string {
  const address = subtensorAddress(network);
  if (address !== null) return address;
  throw new SettingsError([
    `${variable} is "${network}": it must be finney, archive, test or local, or the address of a node, ws:// or wss://.`,
  ]);
}
