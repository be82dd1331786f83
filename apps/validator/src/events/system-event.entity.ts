import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** The kinds of events, as ComputeHorde names them. */
export type SystemEventType =
  | 'BURNING_INCENTIVE'
  | 'COLLATERAL_SYNCING'
  | 'COMPUTE_TIME_ALLOWANCE'
  | 'FACILITATOR_CLIENT_ERROR'
  | 'JOB_ROUTING'
  | 'MINER_ORGANIC_JOB_FAILURE'
  | 'MINER_ORGANIC_JOB_INFO'
  | 'MINER_ORGANIC_JOB_SUCCESS'
  | 'RECEIPT_FAILURE'
  | 'WEIGHT_SETTING_FAILURE'
  | 'WEIGHT_SETTING_INFO'
  | 'WEIGHT_SETTING_SUCCESS';

/** Something that happened to this validator, for its operator and for the collector of statistics. */
@Entity('system_event')
export class SystemEvent {
  /** bigint, as text */
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id!: string;
  @Column('text') type!: SystemEventType;
  @Column('text') subtype!: string;
  @Column('timestamptz', { default: () => 'clock_timestamp()' }) at!: Date;
  /** A sentence. */
  @Column('text') description!: string;
  @Column('jsonb') data!: Record<string, unknown>;
  /** When the collector took it; null: it has not. */
  @Column('timestamptz', { nullable: true }) sent_at!: Date | null;
}
