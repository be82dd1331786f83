import type { ReceiptPayload } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A receipt with both signatures. */
@Entity('receipt')
export class StoredReceipt {
  @PrimaryColumn('uuid') job_uuid!: string;
  @PrimaryColumn('text') receipt_type!: ReceiptPayload['receipt_type'];
  @Column('text') validator_hotkey!: string;
  @Column('timestamptz') timestamp!: string;
  /** Of started receipts only, as are the next two. */
  @Column('text', { nullable: true }) executor_class!: string | null;
  @Column('boolean', { nullable: true }) is_organic!: boolean | null;
  /** @unit seconds */
  @Column('integer', { nullable: true }) ttl!: number | null;
  /** Of finished receipts that were not stored by an older version, as is the next one. @unit executor-seconds */
  @Column('numeric', { nullable: true }) score!: string | null;
  /** How many blocks pay for the job. */
  @Column('integer', { nullable: true }) paying_blocks!: number | null;
  /** The exact text under both signatures. */
  @Column('text') payload!: string;
  @Column('text') validator_signature!: string;
  @Column('text') miner_signature!: string;
}
