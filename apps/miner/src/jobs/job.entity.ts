import { columnsOf } from '@horde/database';
import type { ExecutorHandle } from '@horde/executor-manager';
import type { ExecutorClass, JobStatus } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A job that a validator has asked this miner to run, and where it stands. */
@Entity('job')
export class Job {
  @PrimaryColumn('uuid') uuid!: string;
  @Column('text') validator_hotkey!: string;
  @Column('text') executor_class!: ExecutorClass;
  @Column('text') status!: JobStatus;
  /** The validator's frame as it came; empty when the job was declined: nobody asks for it then. */
  @Column('text') initial_request!: string;
  /** The validator's frame as it came; null until it has come. */
  @Column('text', { nullable: true }) job_request!: string | null;
  /** What the executor shows when it connects. */
  @Column('text') executor_token!: string;
  @Column('jsonb', { nullable: true }) executor_handle!: ExecutorHandle | null;
  /** Whether it counts against the executors of its class: until its executor has exited. */
  @Column('boolean') slot_held!: boolean;
  @Column('timestamptz', { nullable: true }) start_requested_at!: Date | null;
  /** When the executor must have connected; null while it is connected. */
  @Column('timestamptz', { nullable: true }) connect_by!: Date | null;
  /** When the executor connected first. */
  @Column('timestamptz', { nullable: true }) connected_at!: Date | null;
  /** Where the executor connects from. */
  @Column('text', { nullable: true }) executor_address!: string | null;
  /** Whether it supports `durable-1`: such a one may be away while it works. */
  @Column('boolean') executor_durable!: boolean;
  /** Of the executor's messages on `durable-1`, the last that is stored. */
  @Column('bigint') executor_number!: string;
  @Column('timestamptz', { nullable: true }) exited_at!: Date | null;
  /** The executor's; null while it runs, and when it is not known. */
  @Column('integer', { nullable: true }) exit_code!: number | null;
  @Column('timestamptz', { nullable: true }) cancelled_at!: Date | null;
  @Column('text', { nullable: true }) cancelled_by!: string | null;
  /** The validator's frame as it came; null unless the job was cancelled. */
  @Column('text', { nullable: true }) cancel_request!: string | null;
  /** When the job is ended by force. */
  @Column('timestamptz') deadline!: Date;
  @Column('timestamptz') accepted_at!: Date;
  @Column('timestamptz', { nullable: true }) ended_at!: Date | null;
  /** When the validator's finished receipt came. */
  @Column('timestamptz', { nullable: true }) settled_at!: Date | null;
}

/** All of it, for statements that read whole jobs. */
export const jobColumns = columnsOf(Job);
