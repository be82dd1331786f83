import { bool, Bytes, compact, Option, Struct, u64 } from 'scale-ts';
import { AnswerError } from './answer-error.ts';
import type { Hyperparameters } from './chain.ts';

/** The key of `Timestamp.Now` in the state, when the block was made: the names hashed by twox128. u64, ms since 1970. */
export const timestampNow = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';

/** The runtime's function that tells a subnet's hyperparameters, defaults included. */
export const hyperparametersOf = 'SubnetInfoRuntimeApi_get_subnet_hyperparams';

/** The runtime's SubnetHyperparams in its order, up to the last field that is read here. */
const subnetHyperparams = Struct({
  rho: compact,
  kappa: compact,
  immunityPeriod: compact,
  minAllowedWeights: compact,
  maxWeightsLimit: compact,
  tempo: compact,
  minDifficulty: compact,
  maxDifficulty: compact,
  weightsVersion: compact,
  weightsRateLimit: compact,
  adjustmentInterval: compact,
  activityCutoff: compact,
  registrationAllowed: bool,
  targetRegistrationsPerInterval: compact,
  minBurn: compact,
  maxBurn: compact,
  bondsMovingAverage: compact,
  maxRegistrationsPerBlock: compact,
  servingRateLimit: compact,
  maxValidators: compact,
  adjustmentAlpha: compact,
  difficulty: compact,
  commitRevealPeriod: compact,
  commitRevealWeightsEnabled: bool,
});

/** A subnet's number as an argument of the runtime: u16, little endian. */
export function netuidArgument(netuid: number): string {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(netuid);
  return `0x${bytes.toString('hex')}`;
}

/** Maybe there are some; older runtimes put them into bytes, which then are none or begin with their length. */
const maybeHyperparams = {
  dec(hex: string) {
    if (hex === '0x00' || hex.startsWith('0x01')) return Option(subnetHyperparams).dec(hex);
    return subnetHyperparams.dec(Bytes().dec(hex));
  },
};

/** null: there is no such subnet. */
export function readHyperparams(answer: unknown): Hyperparameters | null {
  const told = decode(maybeHyperparams, answer, 'the hyperparameters');
  if (!told) return null;
  return {
    tempo: Number(told.tempo),
    minAllowedWeights: Number(told.minAllowedWeights),
    maxWeightLimit: Number(told.maxWeightsLimit),
    commitRevealEnabled: told.commitRevealWeightsEnabled,
  };
}

/** What is kept under `timestampNow`. @returns ms since 1970 */
export const readTimestamp = (answer: unknown): number => Number(decode(u64, answer, 'Timestamp.Now'));

export function readHash(answer: unknown): string {
  if (typeof answer === 'string' && /^0x[0-9a-f]{64}$/i.test(answer)) return answer;
  throw new AnswerError('the hash of a block is not 32 bytes in hex');
}

/** `{number: "0x…"}` */
export function readBlockNumber(answer: unknown): number {
  const number = (answer as { number?: unknown } | null)?.number;
  if (typeof number === 'string' && /^0x[0-9a-f]{1,12}$/i.test(number)) return Number(number);
  throw new AnswerError('the number of a block is not a number in hex');
}

/** Reads an answer that is null where there is nothing. */
export const orNull =
  <T>(read: (answer: unknown) => T) =>
  (answer: unknown): T | null =>
    answer === null ? null : read(answer);

function decode<T>(codec: { dec(hex: string): T }, answer: unknown, what: string): T {
  if (typeof answer !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(answer))
    throw new AnswerError(`${what} is not hex`);
  try {
    return codec.dec(answer);
  } catch {
    throw new AnswerError(`${what} cannot be decoded`);
  }
}
