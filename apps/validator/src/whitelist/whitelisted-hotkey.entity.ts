import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A hotkey, besides the validator's own, that may sign jobs. */
@Entity('whitelisted_hotkey')
export class WhitelistedHotkey {
  @PrimaryColumn('text') hotkey!: string;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
}
