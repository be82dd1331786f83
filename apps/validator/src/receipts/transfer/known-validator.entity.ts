import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A hotkey that the subnet has, or had, a neuron for. */
@Entity('registered_hotkey')
export class RegisteredHotkey {
  @PrimaryColumn('text') hotkey!: string;
  /** When the chain last had it, to the hour. */
  @Column('timestamptz', { default: () => 'now()' }) seen_at!: Date;
  /** What it has at stake where it may validate, else 0; as the chain said last. @unit alpha */
  @Column('double precision', { default: 0 }) validator_stake!: number;
}
