import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A hotkey that the subnet has, or had, a neuron for. */
@Entity('registered_hotkey')
export class RegisteredHotkey {
  @PrimaryColumn('text') hotkey!: string;
  /** When the chain last had it, to the hour. */
  @Column('timestamptz', { default: () => 'now()' }) seen_at!: Date;
}
