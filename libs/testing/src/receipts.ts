import { randomUUID } from 'node:crypto';
import type { Keypair } from '@horde/identity';
import {
  JobAcceptedPayload,
  JobFinishedPayload,
  JobStartedPayload,
  make,
  receiptText,
  toJson,
  wireTime,
  writeCompact,
  type ReceiptPayload,
} from '@horde/protocol';

export type Signer = Pick<Keypair, 'address' | 'signHex'>;

/** Who signs a receipt. */
export interface Signers {
  validator: Signer;
  miner: Signer;
}

/** What the receipts of one job have in common. */
export interface ReceiptOf extends Signers {
  uuid?: string;
  /** @unit ms since 1970 @default now */
  at?: number;
}

const common = ({ validator, miner, uuid = randomUUID(), at = Date.now() }: ReceiptOf) => ({
  job_uuid: uuid,
  miner_hotkey: miner.address,
  validator_hotkey: validator.address,
  timestamp: wireTime(Math.round(at * 1000)),
});

export const started = (of: ReceiptOf, fields: Partial<JobStartedPayload> = {}): JobStartedPayload =>
  make(JobStartedPayload, {
    ...common(of),
    executor_class: 'always_on.test',
    is_organic: true,
    ttl: 7,
    ...fields,
  });

export const accepted = (of: ReceiptOf, fields: Partial<JobAcceptedPayload> = {}): JobAcceptedPayload =>
  make(JobAcceptedPayload, { ...common(of), time_accepted: common(of).timestamp, ttl: 100, ...fields });

export const finished = (of: ReceiptOf, fields: Partial<JobFinishedPayload> = {}): JobFinishedPayload =>
  make(JobFinishedPayload, {
    ...common(of),
    time_started: common(of).timestamp,
    time_took_us: 1,
    score_str: '10.000000',
    block_numbers: [1, 2],
    ...fields,
  });

/** A receipt as a line of a miner's page shows it. */
export function pageLine(payload: ReceiptPayload, { validator, miner }: Signers): string {
  const text = receiptText(payload);
  const json = writeCompact(toJson(payload));
  return `{"payload":${json},"validator_signature":"${validator.signHex(text)}","miner_signature":"${miner.signHex(text)}"}`;
}
