import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Why a miner gets no jobs: an operator said so, it let a job down, or a user has reported that it cheated. */
export type BlacklistReason = 'MANUAL' | 'JOB_FAILED' | 'JOB_CHEATED';

/** A miner that gets no jobs for a while. */
@Entity('blacklisted_miner')
export class BlacklistedMiner {
  @PrimaryColumn('text') hotkey!: string;
  @PrimaryColumn('text') reason!: BlacklistReason;
  /** What happened, for people. */
  @Column('text') details!: string;
  @Column('timestamptz', { default: () => 'now()' }) blacklisted_at!: Date;
  /** null: until it is taken off. */
  @Column('timestamptz', { nullable: true }) expires_at!: Date | null;
}
