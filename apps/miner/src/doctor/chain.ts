import { ChainError } from '@horde/chain';
import { makeChain } from '../chain/make-chain.ts';
import { hostAndPort } from '../connections/own-address.ts';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import type { MinerSettings } from '../settings.ts';

/** Looks at the way to the chain, and at what the chain has of the miner. @param hotkey null: not known */
export async function checkChain(settings: MinerSettings, hotkey: string | null): Promise<Finding[]> {
  if (settings.isLocalMiner) return [ok('chain', 'Not needed: this is a local miner.')];
  try {
    const { block, neurons } = await makeChain(settings).neurons();
    const chain = ok(
      'chain',
      `Block ${block.number}, ${neurons.length} neurons on subnet ${settings.netuid}.`,
    );
    if (hotkey === null) return [chain];
    const own = neurons.find((neuron) => neuron.hotkey === hotkey);
    if (!own) {
      const fix = `Register it: btcli subnet register --netuid ${settings.netuid} --network ${settings.network}`;
      return [chain, fail('registration', `${hotkey} is not registered on subnet ${settings.netuid}.`, fix)];
    }
    if (!own.address) {
      const fix = 'Start the miner, or run `miner announce_address_and_port`.';
      return [chain, warn('registration', `Registered as ${own.uid}, but without an address.`, fix)];
    }
    const address = hostAndPort(own.address.ip, own.address.port);
    return [chain, ok('registration', `Registered as ${own.uid}, at ${address}.`)];
  } catch (error) {
    return [fail('chain', `${fullReasonOf(error)}.`, remedy(error))];
  }
}

const remedy = (error: unknown): string =>
  error instanceof ChainError && ['refused', 'absent'].includes(error.kind)
    ? 'Look at PYLON_IDENTITY_TOKEN, BITTENSOR_NETUID, and the identity `miner` of Pylon.'
    : 'Start Pylon, or set PYLON_ADDRESS to where it is.';
