import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Who had which part of all stake, at one block or at many. */
@Entity('stake_snapshot')
export class StakeSnapshot {
  @PrimaryGeneratedColumn('identity') id!: number;
  @Column('text', { array: true }) hotkeys!: string[];
  /** In the order of the hotkeys. */
  @Column('double precision', { array: true }) shares!: number[];
}
