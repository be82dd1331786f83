import type { ExecutorClass, ReceiptPayload } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A receipt of any validator, this one's own among them. Whoever has a job's uuid can sign a receipt for it: receipts
 * belong together only where validator and miner are the same as well.
 */
@Entity('receipt')
export class StoredReceipt {
  @PrimaryColumn('uuid') job_uuid!: string;
  @PrimaryColumn('text') receipt_type!: ReceiptPayload['receipt_type'];
  @PrimaryColumn('text') validator_hotkey!: string;
  @PrimaryColumn('text') miner_hotkey!: string;
  /** The exact text under the signatures. */
  @Column('text') payload!: string;
  @Column('text') validator_signature!: string;
  /** null: an own receipt that its miner has not shown yet. */
  @Column('text', { nullable: true }) miner_signature!: string | null;
  /** When the validator made it, as the receipt says. */
  @Column('timestamptz') timestamp!: Date;
  /** Of a started receipt; null otherwise. */
  @Column('text', { nullable: true }) executor_class!: ExecutorClass | null;
  /** Of a started receipt; null otherwise. */
  @Column('boolean', { nullable: true }) is_organic!: boolean | null;
  /** Of a started or accepted receipt, its time and its time-to-live; null otherwise. */
  @Column('timestamptz', { nullable: true }) expires_at!: Date | null;
  /** Of a finished receipt, as `readScore` reads it; null otherwise. @unit executor-seconds */
  @Column('numeric', { nullable: true }) score!: string | null;
  /** Of a finished receipt: the blocks whose allowance pays for the job; null otherwise. */
  @Column('integer', { array: true, nullable: true }) block_numbers!: number[] | null;
  /** When it was stored here. */
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
}
