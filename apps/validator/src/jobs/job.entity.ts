import { columnsOf } from '@horde/database';
import type { ExecutorClass, JobStatus } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user's job, from the moment it arrived. Its status never changes again once it has ended. */
@Entity('job')
export class Job {
  @PrimaryColumn('uuid') uuid!: string;
  /** The facilitator's frame, exactly as it came. */
  @Column('text') request!: string;
  @Column('text') executor_class!: ExecutorClass;
  /** Who gets its updates: the address of the facilitator that it came from. */
  @Column('text', { default: 'facilitator' }) facilitator!: string;
  /** What its user has signed, in few characters; null: it was rejected, or is from before this was kept. */
  @Column('text', { nullable: true }) signed_digest!: string | null;
  /** The hotkey that signed the request; null when it came unsigned. */
  @Column('text', { nullable: true }) signatory!: string | null;
  /** How far the job is, as the facilitator knows it. */
  @Column('text') status!: JobStatus;
  @Column('timestamptz') received_at!: Date;
  @Column('timestamptz', { nullable: true }) ended_at!: Date | null;
  /** What it wants of a miner, as `writeWanted` has it. */
  @Column('text', { default: '{}' }) wanted!: string;
  /** What it waits for before a miner has it, for people; null: it does not wait. */
  @Column('text', { nullable: true }) waits_for!: string | null;
  /** Since when. */
  @Column('timestamptz', { nullable: true }) waits_since!: Date | null;
  /** Until when it may wait at most. */
  @Column('timestamptz', { nullable: true }) waits_until!: Date | null;
  /** When to look for a miner without having been rung for. */
  @Column('timestamptz', { nullable: true }) look_at!: Date | null;
  /** When a miner was chosen last. */
  @Column('timestamptz', { nullable: true }) started_at!: Date | null;
  /** Who wants it to end before its time, as a part of a sentence; null: nobody. */
  @Column('text', { nullable: true }) cancelled_by!: string | null;
  /** The run that drives the job; null: nobody does. */
  @Column('uuid', { nullable: true }) driver!: string | null;
  /** Until when that run is believed to be alive. */
  @Column('timestamptz', { nullable: true }) lease_until!: Date | null;
}

/** All of it, for statements that read whole jobs. */
export const jobColumns = columnsOf(Job);
