import { fail, fullReasonOf, ok, type Finding } from '@horde/commands';
import { makeChain } from '../make-chain.ts';
import type { ValidatorSettings } from '../settings.ts';

/** Looks at the way to the chain, and at what the chain has of the validator. @param hotkey null: not known */
export async function checkChain(settings: ValidatorSettings, hotkey: string | null): Promise<Finding[]> {
  const { netuid, network, pylonAddress } = settings;
  try {
    const { block, neurons } = await makeChain(settings).neurons();
    const chain = ok('chain', `Block ${block.number}, ${neurons.length} neurons on subnet ${netuid}.`);
    if (hotkey === null) return [chain];
    const own = neurons.find((neuron) => neuron.hotkey === hotkey);
    if (own) return [chain, ok('registration', `Registered as ${own.uid}.`)];
    const fix = `Register it: btcli subnet register --netuid ${netuid} --network ${network}`;
    return [chain, fail('registration', `${hotkey} is not registered on subnet ${netuid}.`, fix)];
  } catch (error) {
    const fix = `Start Pylon, or set PYLON_ADDRESS (${pylonAddress}) and PYLON_IDENTITY_TOKEN to its own.`;
    return [fail('chain', `${fullReasonOf(error)}.`, fix)];
  }
}
