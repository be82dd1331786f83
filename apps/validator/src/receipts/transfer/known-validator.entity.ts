import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A hotkey that may validate, or might within the last two days. */
@Entity('known_validator')
export class KnownValidator {
  @PrimaryColumn('text') hotkey!: string;
  /** When the chain last let it validate, to the hour. */
  @Column('timestamptz', { default: () => 'now()' }) seen_at!: Date;
  /** What it has at stake while it may validate, else 0; as the chain said last. @unit alpha */
  @Column('double precision', { default: 0 }) stake!: number;
}
