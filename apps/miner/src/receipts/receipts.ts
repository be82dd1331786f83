import { Injectable } from '@nestjs/common';
import { GatheredBell, PreparedStatement, type Transaction } from '@horde/database';
import {
  make,
  parseJson,
  readVariant,
  Receipt,
  receiptPayloadClasses,
  wireTimeToMs,
  type ReceiptPayload,
} from '@horde/protocol';
import { pageAt } from '@horde/receipts';
import { ReceiptPages } from './receipt-pages.ts';
import type { StoredReceipt } from './stored-receipt.entity.ts';

/** A statement of its own: the entity's time would pass through a Date and lose its microseconds. */
const insert = new PreparedStatement<{ count: number }>(
  `with stored as (
     insert into receipt (job_uuid, receipt_type, validator_hotkey, timestamp, executor_class, is_organic, ttl,
       score, paying_blocks, payload, validator_signature, miner_signature, page)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::boolean[],
       $7::integer[], $8::numeric[], $9::integer[], $10::text[], $11::text[], $12::text[], $13::bigint[])
     on conflict do nothing returning 1
   ) select count(*)::int as count from stored`,
);

/** The receipts that this miner holds. */
@Injectable()
export class Receipts {
  constructor(
    private readonly pages: ReceiptPages,
    private readonly bell: GatheredBell,
  ) {}

  /**
   * Stores receipts; one of the same job and type that is there already stays as it is. Once they are committed they
   * go to a page.
   */
  async store(tx: Transaction, ...receipts: StoredReceipt[]): Promise<void> {
    if (receipts.length === 0) return;
    await this.insert(tx, receipts);
    tx.afterCommit(() => {
      this.pages.stored();
      this.bell.ring('receipts');
    });
  }

  /**
   * As `store`, with those of another miner of this hotkey. Its validators have read them there: they are taken to be on
   * the pages of their time, and `prepare_receipts` puts those on new ones that are not.
   *
   * @returns how many were not there already
   */
  async takeOver(tx: Transaction, receipts: readonly StoredReceipt[]): Promise<number> {
    if (receipts.length === 0) return 0;
    return this.insert(
      tx,
      receipts,
      receipts.map(({ timestamp }) => pageAt(wireTimeToMs(timestamp))),
    );
  }

  /** @param pages that they are on @default none yet @returns how many were not there already */
  private async insert(
    tx: Transaction,
    receipts: readonly StoredReceipt[],
    pages: number[] | null = null,
  ): Promise<number> {
    const column = <K extends keyof StoredReceipt>(name: K) => receipts.map((receipt) => receipt[name]);
    const [stored] = await insert.run(tx.manager, [
      column('job_uuid'),
      column('receipt_type'),
      column('validator_hotkey'),
      column('timestamp'),
      column('executor_class'),
      column('is_organic'),
      column('ttl'),
      column('score'),
      column('paying_blocks'),
      column('payload'),
      column('validator_signature'),
      column('miner_signature'),
      pages ?? [],
    ]);
    return stored!.count;
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
