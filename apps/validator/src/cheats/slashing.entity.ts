import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a miner is to lose for a job whose result is wrong; once for each job. */
@Entity('slashing')
export class Slashing {
  /** As the miner knows it. */
  @PrimaryColumn('uuid') job_uuid!: string;
  @Column('text') miner_hotkey!: string;
  /** As text, since numbers here are not that exact. @unit wei */
  @Column('numeric') amount!: string;
  /** When it was tried; it is tried once, since a second time would take twice. null: not yet. */
  @Column('timestamptz', { nullable: true }) begun_at!: Date | null;
  /** What it has come to, as a sentence. */
  @Column('text', { nullable: true }) outcome!: string | null;
}
