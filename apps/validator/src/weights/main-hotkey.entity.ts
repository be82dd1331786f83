import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which of a coldkey's hotkeys was the main one in a cycle, as the first of its miners said that answered. */
@Entity('main_hotkey')
export class MainHotkeyRow {
  @PrimaryColumn('text') coldkey!: string;
  /** The first block of the cycle whose work is scored. */
  @PrimaryColumn('integer') cycle_start!: number;
  @Column('text') hotkey!: string;
  /** The hotkey of the miner that said so. */
  @Column('text') told_by!: string;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
}
