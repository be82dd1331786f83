import {
  JobFinishedPayload,
  JobStartedPayload,
  wireTime,
  wireTimeToMicros,
  type ReceiptPayload,
  type WireTime,
} from '@horde/protocol';
import type { StoredReceipt } from './stored-receipt.entity.ts';

/** Blocks have no number beyond this one, nor will they in a thousand years; the table holds none. */
export const highestBlock = 2 ** 31 - 1;

/** A receipt as it is stored; times as text at UTC, to the microsecond. */
export type ReceiptRow = Omit<StoredReceipt, 'timestamp' | 'expires_at' | 'score' | 'created_at'> & {
  timestamp: WireTime;
  expires_at: WireTime | null;
  score: number | null;
};

/** What is signed of a receipt, and by whom. */
export interface Signed {
  /** The exact text under the signatures. */
  text: string;
  validatorSignature: string;
  minerSignature: string | null;
}

export function receiptRow(payload: ReceiptPayload, signed: Signed): ReceiptRow {
  const { job_uuid, receipt_type, validator_hotkey, miner_hotkey } = payload;
  const at = wireTimeToMicros(payload.timestamp);
  const started = payload instanceof JobStartedPayload ? payload : null;
  const finished = payload instanceof JobFinishedPayload ? payload : null;
  return {
    job_uuid,
    receipt_type,
    validator_hotkey,
    miner_hotkey,
    payload: signed.text,
    validator_signature: signed.validatorSignature,
    miner_signature: signed.minerSignature,
    timestamp: wireTime(at),
    executor_class: started?.executor_class ?? null,
    is_organic: started?.is_organic ?? null,
    expires_at: payload instanceof JobFinishedPayload ? null : wireTime(at + payload.ttl * 1e6),
    score: finished && readScore(finished.score_str),
    block_numbers: finished && (finished.block_numbers ?? []).filter((block) => block <= highestBlock),
  };
}

/**
 * The whole executor-seconds that a receipt's score stands for; null where it has a fraction, is no plain number, or is
 * too large for any job. ComputeHorde's validator ends the scoring of everybody at such a score; here the one receipt
 * counts for nothing.
 */
export function readScore(text: string): number | null {
  return /^\d{1,15}(\.0+)?$/.test(text) ? Number(text) : null;
}
