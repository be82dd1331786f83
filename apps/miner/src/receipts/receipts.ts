import { Injectable } from '@nestjs/common';
import type { Transaction } from '@horde/database';
import {
  make,
  parseJson,
  readVariant,
  Receipt,
  receiptPayloadClasses,
  type ReceiptPayload,
} from '@horde/protocol';
import type { StoredReceipt } from './stored-receipt.entity.ts';

/** The receipts that this miner holds. */
@Injectable()
export class Receipts {
  /** Stores a receipt; one of the same job and type that is there already stays as it is. */
  async store(tx: Transaction, receipt: StoredReceipt): Promise<void> {
    // A statement of its own: the entity's time would pass through a Date and lose its microseconds.
    await tx.manager.query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, timestamp, executor_class, is_organic, ttl,
         payload, validator_signature, miner_signature)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
      [
        receipt.job_uuid,
        receipt.receipt_type,
        receipt.validator_hotkey,
        receipt.timestamp,
        receipt.executor_class,
        receipt.is_organic,
        receipt.ttl,
        receipt.payload,
        receipt.validator_signature,
        receipt.miner_signature,
      ],
    );
  }

  /**
   * What proves to a validator that this miner is busy: the started receipts of organic jobs of the class that hold a
   * slot and whose time covers the declined job's own.
   * @param at the time of the declined job's started receipt
   */
  async excuses(tx: Transaction, declined: string, executorClass: string, at: string): Promise<Receipt[]> {
    const rows = await tx.manager.query<StoredReceipt[]>(
      `select receipt.* from receipt join job on job.uuid = receipt.job_uuid
       where receipt_type = 'JobStartedReceipt' and receipt.is_organic and receipt.executor_class = $1
         and job.slot_held and job.uuid <> $2
         and $3::timestamptz between receipt.timestamp and receipt.timestamp + make_interval(secs => receipt.ttl)
       order by receipt.timestamp`,
      [executorClass, declined, at],
    );
    return rows.map((row) =>
      make(Receipt, {
        payload: readVariant<ReceiptPayload>('receipt_type', receiptPayloadClasses(), parseJson(row.payload)),
        validator_signature: row.validator_signature,
        miner_signature: row.miner_signature,
      }),
    );
  }
}
