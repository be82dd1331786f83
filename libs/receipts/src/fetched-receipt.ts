import {
  JsonError,
  parseJson,
  readObject,
  Receipt,
  receiptTexts,
  ShapeError,
  wireTimeToMs,
  type ReceiptPayload,
} from '@horde/protocol';

/** How far ahead a receipt's time may be, as in ComputeHorde's newest validators. @unit ms */
const furthestAhead = 3_600_000;

/**
 * What can be wrong with a line of a page; the names are those of ComputeHorde's metrics where it has them.
 *
 * - `ForeignReceipt`: it is of another miner than the one that shows it;
 * - `UnknownValidator`: the chain has not let its validator validate lately.
 */
export type LineFault =
  | 'LineTooLong'
  | 'ValidationError'
  | 'ForeignReceipt'
  | 'UnknownValidator'
  | 'FutureDatedReceipt'
  | 'BadValidatorReceiptSignature'
  | 'BadMinerReceiptSignature';

/** A receipt as it was read from a line, its signatures not verified yet. */
export interface FetchedReceipt {
  payload: ReceiptPayload;
  validatorSignature: string;
  minerSignature: string;
  /** The texts that may be under the signatures. */
  texts: string[];
}

/**
 * Reads a line of a page: its shape, whose it is, its time.
 *
 * @param miner the hotkey of the miner that shows the page; null: whose it is does not matter
 * @param now ms since 1970
 */
export function readLine(line: string, miner: string | null, now: number): FetchedReceipt | LineFault {
  let receipt: Receipt;
  try {
    receipt = readObject(Receipt, parseJson(line));
  } catch (error) {
    if (error instanceof JsonError || error instanceof ShapeError) return 'ValidationError';
    throw error;
  }
  const { payload, validator_signature: validatorSignature, miner_signature: minerSignature } = receipt;
  if (miner !== null && payload.miner_hotkey !== miner) return 'ForeignReceipt';
  if (wireTimeToMs(payload.timestamp) > now + furthestAhead) return 'FutureDatedReceipt';
  return { payload, validatorSignature, minerSignature, texts: receiptTexts(payload) };
}
