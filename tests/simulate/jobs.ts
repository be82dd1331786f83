import type {
  ExecutorClass,
  JobAcceptedPayload,
  JobFinishedPayload,
  JobStartedPayload,
} from '@horde/protocol';
import { accepted, finished, pageLine, started, type ReceiptOf } from '@horde/testing/receipts';
import type { Account } from '../../apps/validator/src/allowance/manifests.ts';
import type { Party, SimulatedMiner, SimulatedValidator } from './network.ts';

/** A job that a miner runs, with an executor that does nothing. */
export interface Job {
  uuid: string;
  validator: SimulatedValidator;
  miner: SimulatedMiner;
  executorClass: ExecutorClass;
  /** @unit executor-seconds */
  cost: number;
  /** Booked for it. */
  blocks: number[];
  /** Of a validator whose rooms are in Postgres. */
  booking: string | null;
  /** @unit ms since 1970 */
  startedAt: number;
  endsAt: number;
  end: 'done' | 'failed' | 'cancelled';
  /** Its miner shows how it ended only when the cycle has been scored. */
  isLate: boolean;
}

export const accountOf = ({ miner, executorClass }: Pick<Job, 'miner' | 'executorClass'>): Account => ({
  minerHotkey: miner.hotkey,
  executorClass,
});

/** What a finished receipt says, and the started one before it. */
export interface FinishedWork {
  uuid: string;
  validatorHotkey: string;
  minerHotkey: string;
  executorClass: ExecutorClass;
  /** @unit ms since 1970 */
  startedAt: number;
  finishedAt: number;
  /** @unit executor-seconds */
  cost: number;
  blocks: number[];
}

/** Who signs as what. */
export interface Signers {
  validator: Party;
  miner: Party;
}

const of = (uuid: string, at: number, { validator, miner }: Signers): ReceiptOf => ({
  uuid,
  at,
  validator: validator.keypair,
  miner: miner.keypair,
});

type Begun = Pick<Job, 'uuid' | 'startedAt' | 'executorClass'> & Signers;

export const startedOf = (job: Begun): JobStartedPayload =>
  started(of(job.uuid, job.startedAt, job), { executor_class: job.executorClass, ttl: 30 });

export const acceptedOf = (job: Begun): JobAcceptedPayload =>
  accepted(of(job.uuid, job.startedAt + 1, job), { ttl: 600 });

/** @param score as the receipt says it @default the cost with six decimals */
export const finishedOf = (
  job: Begun,
  { finishedAt, cost, blocks }: Pick<FinishedWork, 'finishedAt' | 'cost' | 'blocks'>,
  score = `${cost}.000000`,
): JobFinishedPayload =>
  finished(of(job.uuid, finishedAt, job), {
    time_took_us: Math.round((finishedAt - job.startedAt) * 1000),
    score_str: score,
    block_numbers: blocks,
  });

/** A line of a page: the payload with both signatures. */
export const lineOf = (
  payload: JobStartedPayload | JobAcceptedPayload | JobFinishedPayload,
  signers: Signers,
): string => pageLine(payload, { validator: signers.validator.keypair, miner: signers.miner.keypair });

/** A line whose validator's signature is the miner's. */
export const forgedLine = (payload: JobStartedPayload | JobFinishedPayload, miner: Party): string =>
  lineOf(payload, { validator: miner, miner });
