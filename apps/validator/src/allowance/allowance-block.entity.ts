import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A block of the chain. */
@Entity('allowance_block')
export class AllowanceBlock {
  @PrimaryColumn('integer') number!: number;
  @Column('text') hash!: string;
  /** When it was made, to the millisecond. */
  @Column('timestamptz') at!: Date;
  /** DYNAMIC_BLOCK_ALLOWANCE_MULTIPLIER when it was taken in. */
  @Column('double precision') multiplier!: number;
  /** The snapshot of stakes that held at it. */
  @Column('integer') stakes!: number;
}
