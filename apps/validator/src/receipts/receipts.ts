import { Injectable } from '@nestjs/common';
import type { Transaction } from '@horde/database';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import {
  parseJson,
  readVariant,
  receiptPayloadClasses,
  receiptText,
  type ReceiptPayload,
} from '@horde/protocol';
import { receiptRow } from './receipt-row.ts';
import { insertReceipts } from './store-receipts.ts';
import { StoredReceipt } from './stored-receipt.entity.ts';

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
    const text = receiptText(payload);
    const signature = this.keypair.signHex(text);
    const row = receiptRow(payload, { text, validatorSignature: signature, minerSignature: null });
    tx.later(insertReceipts, [JSON.stringify([row])]);
    return { payload, signature };
  }

  /** The receipt of a type that this validator has issued for a job; null when there is none. */
  async find<P extends ReceiptPayload>(
    jobUuid: string,
    type: P['receipt_type'],
  ): Promise<SignedReceipt<P> | null> {
    const row = await this.database.manager.findOneBy(StoredReceipt, {
      job_uuid: jobUuid,
      receipt_type: type,
      validator_hotkey: this.keypair.address,
    });
    if (!row) return null;
    const payload = readVariant<ReceiptPayload>(
      'receipt_type',
      receiptPayloadClasses(),
      parseJson(row.payload),
    ) as P;
    return { payload, signature: row.validator_signature };
  }
}
