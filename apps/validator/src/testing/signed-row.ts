import { receiptText, type ReceiptPayload } from '@horde/protocol';
import type { Signers } from '@horde/testing/receipts';
import type { EntityManager } from 'typeorm';
import { receiptRow, type ReceiptRow } from '../receipts/receipt-row.ts';
import { storeReceipts } from '../receipts/store-receipts.ts';

/** A receipt as it is stored once it has been fetched. */
export function signedRow(payload: ReceiptPayload, { validator, miner }: Signers): ReceiptRow {
  const text = receiptText(payload);
  return receiptRow(payload, {
    text,
    validatorSignature: validator.signHex(text),
    minerSignature: miner.signHex(text),
  });
}

/** Stores receipts as those that have been fetched are. */
export const storeSigned = (
  manager: EntityManager,
  receipts: readonly ReceiptPayload[],
  signers: Signers,
): Promise<void> =>
  storeReceipts(
    manager,
    receipts.map((receipt) => signedRow(receipt, signers)),
  );
