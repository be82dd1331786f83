import type { BlockInfo } from '../blocks/block-clock.ts';
import type { LedgerNeuron } from '../ledger/neurons.ts';

/** The number that Pylon gives an axon of HTTP. */
const http = 4;

/** A neuron with all of Pylon's fields; what a devnet does not reckon is 0. */
function pylonNeuron(neuron: LedgerNeuron): Record<string, unknown> {
  const { axon, stake } = neuron;
  return {
    uid: neuron.uid,
    coldkey: neuron.coldkey,
    hotkey: neuron.hotkey,
    active: true,
    axon_info: axon ? { ...axon, protocol: http } : { ip: '0.0.0.0', port: 0, protocol: 0 },
    stake,
    rank: 0,
    emission: 0,
    incentive: 0,
    consensus: 0,
    trust: 0,
    validator_trust: 0,
    dividends: 0,
    last_update: neuron.last_update,
    validator_permit: neuron.validator_permit,
    pruning_score: 0,
    stakes: { alpha: stake, tao: 0, total: stake },
  };
}

/** The extrinsic that a block begins with, as Pylon shows it. @param time ms since 1970 */
export function timestampExtrinsic(block: BlockInfo, time: number) {
  return {
    block_number: block.number,
    extrinsic_index: 0,
    extrinsic_hash: block.hash,
    extrinsic_length: 10,
    address: null,
    call: {
      call_module: 'Timestamp',
      call_function: 'set',
      call_args: [{ name: 'now', type: 'Moment', value: time }],
    },
  };
}

/** Pylon's map from hotkey to neuron. */
export function subnetNeurons(block: BlockInfo, neurons: LedgerNeuron[]) {
  return {
    block,
    neurons: Object.fromEntries(neurons.map((neuron) => [neuron.hotkey, pylonNeuron(neuron)])),
  };
}

/** Pylon's list of those who may validate, largest stake first. */
export function subnetValidators(block: BlockInfo, neurons: LedgerNeuron[]) {
  const validators = neurons.filter(({ validator_permit }) => validator_permit);
  return {
    block,
    validators: validators.toSorted((a, b) => b.stake - a.stake || a.uid - b.uid).map(pylonNeuron),
  };
}
