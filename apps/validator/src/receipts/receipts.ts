import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement, type FollowingWrite, type Transaction } from '@horde/database';
import { Keypair } from '@horde/identity';
import {
  parseJson,
  readVariant,
  receiptPayloadClasses,
  receiptText,
  type ReceiptPayload,
} from '@horde/protocol';
import { receiptRow, type ReceiptRow } from './receipt-row.ts';
import { insertReceipts, insertReceiptsIf } from './store-receipts.ts';
import type { StoredReceipt } from './stored-receipt.entity.ts';

const ofJob = new PreparedStatement<Pick<StoredReceipt, 'payload' | 'validator_signature'>>(
  `select payload, validator_signature from receipt
   where job_uuid = $1 and receipt_type = $2 and validator_hotkey = $3`,
);

/** A receipt's payload and this validator's signature over it. */
export interface SignedReceipt<P extends ReceiptPayload = ReceiptPayload> {
  payload: P;
  signature: string;
}

/** The receipts that this validator signs: stored before they are sent, and sent again just as they were. */
@Injectable()
export class Receipts {
  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
  ) {}

  /** Signs and stores a receipt. Of a job there is one of each type: when it exists already, nothing happens. */
  issue<P extends ReceiptPayload>(tx: Transaction, payload: P): SignedReceipt<P> {
    const { row, signature } = this.sign(payload);
    tx.later(insertReceipts, [JSON.stringify([row])]);
    return { payload, signature };
  }

  /** As `issue`, with another change and only where that is made. */
  issued(payload: ReceiptPayload): FollowingWrite {
    return { text: insertReceiptsIf, values: [JSON.stringify([this.sign(payload).row])] };
  }

  private sign(payload: ReceiptPayload): { row: ReceiptRow; signature: string } {
    const text = receiptText(payload);
    const signature = this.keypair.signHex(text);
    return {
      row: receiptRow(payload, { text, validatorSignature: signature, minerSignature: null }),
      signature,
    };
  }

  /** The receipt of a type that this validator has issued for a job; null when there is none. */
  async find<P extends ReceiptPayload>(
    jobUuid: string,
    type: P['receipt_type'],
  ): Promise<SignedReceipt<P> | null> {
    const [row] = await ofJob.run(this.database.manager, [jobUuid, type, this.keypair.address]);
    if (!row) return null;
    const payload = readVariant<ReceiptPayload>(
      'receipt_type',
      receiptPayloadClasses(),
      parseJson(row.payload),
    ) as P;
    return { payload, signature: row.validator_signature };
  }
}
