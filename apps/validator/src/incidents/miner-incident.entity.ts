import type { ExecutorClass } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { IncidentKind } from './incident-of.ts';

/** Something that a miner has done about a job, for which it is asked less often. */
@Entity('miner_incident')
export class MinerIncident {
  @PrimaryColumn('text') hotkey!: string;
  /** The job, under the uuid that this miner knows it by. */
  @PrimaryColumn('uuid') job_uuid!: string;
  @Column('text') executor_class!: ExecutorClass;
  @Column('text') kind!: IncidentKind;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
}
