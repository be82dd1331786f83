import type { ExecutorClass, JobStatus } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user's job, from the moment it arrived. Its status never changes again once it has ended. */
@Entity('job')
export class Job {
  @PrimaryColumn('uuid') uuid!: string;
  /** The facilitator's frame, exactly as it came. */
  @Column('text') request!: string;
  @Column('text') executor_class!: ExecutorClass;
  /** The hotkey that signed the request; null when it came unsigned. */
  @Column('text', { nullable: true }) signatory!: string | null;
  /** How far the job is, as the facilitator is told. */
  @Column('text') status!: JobStatus;
  @Column('timestamptz') received_at!: Date;
  @Column('timestamptz', { nullable: true }) ended_at!: Date | null;
  /** The miner that was chosen; null before. */
  @Column('text', { nullable: true }) miner_hotkey!: string | null;
  @Column('text', { nullable: true }) miner_ip!: string | null;
  @Column('integer', { nullable: true }) miner_port!: number | null;
  /** When a miner was chosen. */
  @Column('timestamptz', { nullable: true }) started_at!: Date | null;
  /** When the miner must have reported the next stage. */
  @Column('timestamptz', { nullable: true }) deadline!: Date | null;
  /** The number of the miner's last message that was taken, on a durable link; bigint, as text. */
  @Column('bigint', { default: 0 }) miner_number!: string;
  /** The run that drives the job; null: nobody does. */
  @Column('uuid', { nullable: true }) driver!: string | null;
  /** Until when that run is believed to be alive. */
  @Column('timestamptz', { nullable: true }) lease_until!: Date | null;
}
