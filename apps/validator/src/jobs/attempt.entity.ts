import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How an attempt ended: as the job did, or before the miner had accepted it. `refused`: it did not take this validator's
 * authentication; `timed_out`: it did not do in time what it had to; `fault`: the validator's own.
 */
export type AttemptOutcome =
  | 'completed'
  | 'failed'
  | 'horde_failed'
  | 'declined'
  | 'refused'
  | 'unreachable'
  | 'timed_out'
  | 'cancelled'
  | 'fault';

/** One miner that was asked to run a job. Of a job's attempts only the last may not have ended. */
@Entity('attempt')
export class Attempt {
  @PrimaryColumn('uuid') job_uuid!: string;
  /** 1 for the first. */
  @PrimaryColumn('integer') number!: number;
  /**
   * What the job is called towards this miner, in messages and receipts. The first attempt uses the job's own uuid, each
   * further one another one in the job's trace: ComputeHorde's peers keep one receipt of each type for a uuid, whoever signed
   * it.
   */
  @Column('uuid') uuid!: string;
  @Column('text') miner_hotkey!: string;
  @Column('text') miner_ip!: string;
  @Column('integer') miner_port!: number;
  /** When the miner was chosen. */
  @Column('timestamptz') started_at!: Date;
  /** What is booked for it of the miner's allowance; null: nothing. */
  @Column('uuid', { nullable: true }) booking_id!: string | null;
  /** When the miner must have reported the next stage; null once the attempt has ended. */
  @Column('timestamptz', { nullable: true }) deadline!: Date | null;
  /** The number of the miner's last message that was taken, on a durable link; bigint, as text. */
  @Column('bigint', { default: 0 }) miner_number!: string;
  /** What its miner has sent about its machine has been passed on. */
  @Column('boolean', { default: false }) machine_told!: boolean;
  @Column('timestamptz', { nullable: true }) ended_at!: Date | null;
  /** null: it has not ended. */
  @Column('text', { nullable: true }) outcome!: AttemptOutcome | null;
  /** The wire's word for why: a rejection's, a failure's or a horde failure's reason. */
  @Column('text', { nullable: true }) reason!: string | null;
  /** Why, for people. */
  @Column('text', { nullable: true }) message!: string | null;
}
