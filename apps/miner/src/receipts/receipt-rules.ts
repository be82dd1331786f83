import { verifyHex, type Keypair } from '@horde/identity';
import { JobStartedPayload, receiptText, type ReceiptPayload } from '@horde/protocol';
import type { StoredReceipt } from './stored-receipt.entity.ts';

/** Why a validator's receipt is refused, as a sentence; null when it is good. */
export function receiptProblem(
  payload: ReceiptPayload,
  signature: string,
  between: { miner: string; validator: string },
): string | null {
  if (payload.miner_hotkey !== between.miner) return `The receipt is for the miner ${payload.miner_hotkey}.`;
  if (payload.validator_hotkey !== between.validator)
    return `The receipt is of the validator ${payload.validator_hotkey}.`;
  return verifyHex(receiptText(payload), signature, between.validator)
    ? null
    : 'The signature of the receipt is not valid.';
}

/** A good receipt with this miner's signature, ready to be stored. */
export function countersigned(
  payload: ReceiptPayload,
  validatorSignature: string,
  keypair: Keypair,
): StoredReceipt {
  const text = receiptText(payload);
  const started = payload instanceof JobStartedPayload ? payload : null;
  return {
    job_uuid: payload.job_uuid,
    receipt_type: payload.receipt_type,
    validator_hotkey: payload.validator_hotkey,
    timestamp: payload.timestamp,
    executor_class: started?.executor_class ?? null,
    is_organic: started?.is_organic ?? null,
    ttl: started?.ttl ?? null,
    payload: text,
    validator_signature: validatorSignature,
    miner_signature: keypair.signHex(text),
  };
}
