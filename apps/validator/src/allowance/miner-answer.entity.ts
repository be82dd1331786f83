import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A miner that has told its manifest. */
@Entity('miner_answer')
export class MinerAnswer {
  @PrimaryColumn('text') hotkey!: string;
  @Column('timestamptz') answered_at!: Date;
  /** How often in a row it has since failed to. */
  @Column('integer', { default: 0 }) misses!: number;
}
