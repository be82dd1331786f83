import { verifyHex, type Keypair } from '@horde/identity';
import {
  JobFinishedPayload,
  JobStartedPayload,
  receiptText,
  wireTimeToMs,
  type ReceiptPayload,
} from '@horde/protocol';
import type { StoredReceipt } from './stored-receipt.entity.ts';

/** How far a receipt's time may be ahead; ComputeHorde's newest validators skip one that is further. @unit ms */
const furthestAhead = 3_600_000;

/** An offset from UTC that no time zone has, and Postgres does not take: of 16 hours and more. */
const offEarth = /[+-](1[6-9]|2\d):\d\d$/;

/** Whom a receipt must be of and for, and when it is looked at. */
interface Between {
  miner: string;
  validator: string;
  /** @unit ms since 1970 */
  now: number;
}

/** Why a validator's receipt is refused whoever has signed it, as a sentence; null when its signature decides. */
export function receiptMismatch(payload: ReceiptPayload, between: Between): string | null {
  if (payload.miner_hotkey !== between.miner) return `The receipt is for the miner ${payload.miner_hotkey}.`;
  if (payload.validator_hotkey !== between.validator)
    return `The receipt is of the validator ${payload.validator_hotkey}.`;
  if (offEarth.test(payload.timestamp))
    return `The receipt's time, ${payload.timestamp}, is of no time zone.`;
  if (wireTimeToMs(payload.timestamp) - between.now > furthestAhead)
    return `The receipt's time, ${payload.timestamp}, is more than an hour ahead of this miner's clock.`;
  return null;
}

/** What is wrong with a receipt whose signature does not hold. */
export const wrongSignature = 'The signature of the receipt is not valid.';

/** Why a validator's receipt is refused, as a sentence; null when it is good. */
export function receiptProblem(payload: ReceiptPayload, signature: string, between: Between): string | null {
  const mismatch = receiptMismatch(payload, between);
  if (mismatch) return mismatch;
  return verifyHex(receiptText(payload), signature, between.validator) ? null : wrongSignature;
}

/** What is signed of a receipt, and by whom. */
interface Signatures {
  /** The exact text under both signatures. */
  text: string;
  validatorSignature: string;
  minerSignature: string;
}

/** A good receipt with this miner's signature, ready to be stored. @param text what the validator has signed */
export function countersigned(
  payload: ReceiptPayload,
  validatorSignature: string,
  keypair: Keypair,
  text = receiptText(payload),
): StoredReceipt {
  return storedReceipt(payload, { text, validatorSignature, minerSignature: keypair.signHex(text) });
}

/** A receipt with both signatures, ready to be stored. */
export function storedReceipt(
  payload: ReceiptPayload,
  { text, validatorSignature, minerSignature }: Signatures,
): StoredReceipt {
  const started = payload instanceof JobStartedPayload ? payload : null;
  const finished = payload instanceof JobFinishedPayload ? payload : null;
  return {
    job_uuid: payload.job_uuid,
    receipt_type: payload.receipt_type,
    validator_hotkey: payload.validator_hotkey,
    timestamp: payload.timestamp,
    executor_class: started?.executor_class ?? null,
    is_organic: started?.is_organic ?? null,
    ttl: started?.ttl ?? null,
    score: finished?.score_str ?? null,
    paying_blocks: finished && (finished.block_numbers?.length ?? 0),
    payload: text,
    validator_signature: validatorSignature,
    miner_signature: minerSignature,
  };
}

/** The line of a page that shows a receipt: a `Receipt` as compact JSON. */
export const pageLine = (
  receipt: Pick<StoredReceipt, 'payload' | 'validator_signature' | 'miner_signature'>,
): string =>
  JSON.stringify({
    // It holds no number that JSON.parse would round: their bounds are below 2^53, and none has a fraction.
    payload: JSON.parse(receipt.payload) as unknown,
    validator_signature: receipt.validator_signature,
    miner_signature: receipt.miner_signature,
  });
