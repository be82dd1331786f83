import type { ExecutorClass } from '@horde/protocol';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Blocks of a miner's allowance that are kept for one job, or paid for it. */
@Entity('booking')
export class StoredBooking {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Column('text') miner_hotkey!: string;
  @Column('text') executor_class!: ExecutorClass;
  /** Ranges of them: `{[7,9),[12,13)}`. */
  @Column('int4multirange') blocks!: string;
  @Column('integer') last_block!: number;
  /** What the job costs. @unit executor-seconds */
  @Column('double precision') seconds!: number;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
  /** When the blocks are free again if nothing becomes known of the job; null: they are spent. */
  @Column('timestamptz', { nullable: true }) expires_at!: Date | null;
}
