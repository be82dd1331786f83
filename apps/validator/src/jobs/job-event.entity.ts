import type { JobStatus } from '@horde/protocol';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A status that a job has had. Rows are only ever added. */
@Entity('job_event')
export class JobEvent {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column('uuid') job_uuid!: string;
  @Column('text') status!: JobStatus;
  @Column('timestamptz', { default: () => 'clock_timestamp()' }) at!: Date;
  /** What came with the status: the JSON that the facilitator gets. */
  @Column('text', { nullable: true }) metadata!: string | null;
}
