import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who was to have a job, and why: one for each miner that was chosen, and the last in vain. */
@Entity('routing_decision')
export class RoutingDecision {
  @PrimaryColumn('uuid') job_uuid!: string;
  /** The attempt that it has led to; 00000000-0000-0000-0000-000000000000: to none. */
  @PrimaryColumn('uuid') attempt!: string;
  @Column('timestamptz', { default: () => 'now()' }) decided_at!: Date;
  /** As `writeDecision` has it. */
  @Column('text') decision!: string;
}
