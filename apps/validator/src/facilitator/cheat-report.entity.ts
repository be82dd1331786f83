import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user's signed report that a job's result differs from that of the same job on a trusted miner. */
@Entity('cheat_report')
export class CheatReport {
  @PrimaryColumn('text') job_uuid!: string;
  @PrimaryColumn('text') trusted_job_uuid!: string;
  @PrimaryColumn('text') signatory!: string;
  /** The user's own JSON. */
  @Column('text') details!: string;
  @Column('timestamptz', { default: () => 'now()' }) reported_at!: Date;
  /** When it was acted on; null: its job has not completed here, or its signer has no say in it. */
  @Column('timestamptz', { nullable: true }) acted_at!: Date | null;
}
