import type { ReceiptPayload } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A receipt that this validator has signed. */
@Entity('receipt')
export class StoredReceipt {
  @PrimaryColumn('uuid') job_uuid!: string;
  @PrimaryColumn('text') receipt_type!: ReceiptPayload['receipt_type'];
  @Column('text') miner_hotkey!: string;
  /** The exact text under the signature. */
  @Column('text') payload!: string;
  @Column('text') validator_signature!: string;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
}
