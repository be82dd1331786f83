import { isIP } from 'node:net';
import { AnswerError } from './answer-error.ts';
import type { Block, CertificateKeys, Hyperparameters, Neuron } from './chain.ts';

type Fields = Record<string, unknown>;

/** `{block, neurons: {hotkey: Neuron}}` */
export function readNeurons(body: unknown): { block: Block; neurons: Neuron[] } {
  const answer = fields(body, 'the answer');
  const neurons = Object.values(fields(answer['neurons'], 'neurons')).map(readNeuron);
  return { block: readBlock(answer['block']), neurons: neurons.toSorted((a, b) => a.uid - b.uid) };
}

/** `{block, validators: [Neuron]}`; their order is ours, since nothing depends on Pylon for it. */
export function readValidators(body: unknown): { block: Block; validators: Neuron[] } {
  const answer = fields(body, 'the answer');
  if (!Array.isArray(answer['validators'])) throw new AnswerError('validators is not a list');
  const validators = answer['validators'].map(readNeuron).filter((neuron) => neuron.validatorPermit);
  return {
    block: readBlock(answer['block']),
    validators: validators.toSorted((a, b) => b.totalStake - a.totalStake || a.uid - b.uid),
  };
}

export function readBlock(value: unknown): Block {
  const block = fields(value, 'block');
  return { number: count(block['number'], 'block.number'), hash: text(block['hash'], 'block.hash') };
}

/** `{call: {call_module, call_function, call_args: [{name, value}]}}` of the extrinsic that every block begins with. */
export function readBlockTime(body: unknown): number {
  const call = fields(fields(body, 'the answer')['call'], 'call');
  const of = `${text(call['call_module'], 'call_module')}.${text(call['call_function'], 'call_function')}`;
  if (of !== 'Timestamp.set') throw new AnswerError(`the first extrinsic is ${of}, not Timestamp.set`);
  if (!Array.isArray(call['call_args'])) throw new AnswerError('call_args is not a list');
  const args = call['call_args'].map((arg) => fields(arg, 'an argument'));
  const now = args.find(({ name }) => name === 'now')?.['value'];
  return count(typeof now === 'string' && /^\d+$/.test(now) ? Number(now) : now, 'the value of now');
}

/** `{commitment: hex}`, with or without 0x. */
export function readCommitment(body: unknown): Buffer {
  return hex(fields(body, 'the answer')['commitment'], 'commitment');
}

/** `{block, commitments: {hotkey: hex}}`, with or without 0x. */
export function readCommitments(body: unknown): { block: Block; commitments: Map<string, string> } {
  const answer = fields(body, 'the answer');
  const commitments = Object.entries(fields(answer['commitments'], 'commitments'));
  return {
    block: readBlock(answer['block']),
    commitments: new Map(
      commitments.map(([hotkey, value]) => [
        hotkey,
        hex(value, `the commitment of ${hotkey}`).toString('utf8'),
      ]),
    ),
  };
}

/** `{algorithm, public_key: hex}`, with or without 0x; 1 is Ed25519. */
export function readCertificate(body: unknown): Buffer {
  const answer = fields(body, 'the answer');
  if (answer['algorithm'] !== 1) throw new AnswerError('algorithm is not 1, which is Ed25519');
  return key(answer['public_key'], 'public_key');
}

/** The same, with `private_key`. */
export const readCertificateKeys = (body: unknown): CertificateKeys => ({
  publicKey: readCertificate(body),
  privateKey: key(fields(body, 'the answer')['private_key'], 'private_key'),
});

/** `{netuid}` of a login. */
export function readNetuid(body: unknown): number {
  return count(fields(body, 'the answer')['netuid'], 'netuid');
}

/** `{identities: {name: netuid}}`; null when the name is not among them. */
export function readIdentityNetuid(body: unknown, name: string): number | null {
  const identities = fields(fields(body, 'the answer')['identities'], 'identities');
  return Object.hasOwn(identities, name) ? count(identities[name], `identities.${name}`) : null;
}

/** `{tempo, min_allowed_weights, max_weight_limit, commit_reveal_enabled}` of a devnet. */
export function readHyperparameters(body: unknown): Hyperparameters {
  const answer = fields(body, 'the answer');
  const commitReveal = answer['commit_reveal_enabled'];
  if (typeof commitReveal !== 'boolean') throw new AnswerError('commit_reveal_enabled is not true or false');
  return {
    tempo: count(answer['tempo'], 'tempo'),
    minAllowedWeights: count(answer['min_allowed_weights'], 'min_allowed_weights'),
    maxWeightLimit: count(answer['max_weight_limit'], 'max_weight_limit'),
    commitRevealEnabled: commitReveal,
  };
}

function readNeuron(value: unknown): Neuron {
  const neuron = fields(value, 'a neuron');
  const hotkey = text(neuron['hotkey'], 'the hotkey of a neuron');
  const of = (name: string) => `${name} of ${hotkey}`;
  const permit = neuron['validator_permit'];
  if (typeof permit !== 'boolean') throw new AnswerError(`${of('validator_permit')} is not true or false`);
  const total = fields(neuron['stakes'], of('stakes'))['total'];
  if (typeof total !== 'number') throw new AnswerError(`${of('stakes.total')} is not a number`);
  return {
    uid: count(neuron['uid'], of('uid')),
    hotkey,
    coldkey: text(neuron['coldkey'], of('coldkey')),
    address: readAddress(fields(neuron['axon_info'], of('axon_info')), of),
    totalStake: total,
    validatorPermit: permit,
    lastUpdate: count(neuron['last_update'], of('last_update')),
    incentive: amount(neuron['incentive']),
    emission: amount(neuron['emission']),
  };
}

/** For people only: one that is none is no reason to refuse the answer. */
const amount = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

/** 0.0.0.0, :: and port 0 are how the chain says that nothing was announced. */
function readAddress(axon: Fields, of: (name: string) => string): Neuron['address'] {
  const ip = text(axon['ip'], of('axon_info.ip'));
  const port = count(axon['port'], of('axon_info.port'));
  const announced = isIP(ip) !== 0 && !/^[0.:]+$/.test(ip) && port > 0 && port < 65_536;
  return announced ? { ip, port } : null;
}

function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AnswerError(`${what} is not an object`);
  return value as Fields;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new AnswerError(`${what} is not text`);
  return value;
}

function hex(value: unknown, what: string): Buffer {
  const digits = text(value, what).replace(/^0x/, '');
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new AnswerError(`${what} is not hex`);
  return Buffer.from(digits, 'hex');
}

function key(value: unknown, what: string): Buffer {
  const bytes = hex(value, what);
  if (bytes.length !== 32) throw new AnswerError(`${what} has not 32 bytes`);
  return bytes;
}

function count(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new AnswerError(`${what} is not a whole number`);
  return value as number;
}
