import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `to compute`: its window has begun
 * - `nothing to send`: nobody earned anything and nothing is burnt; an end
 * - `to send`: computed, and not with Pylon
 * - `sent`: Pylon has it, or may have; the chain does not show it yet
 * - `confirmed`: the chain has it; an end
 * - `missed`: the window ended before that; an end
 * - `taken over`: ComputeHorde's validator has handed them in, before this one took its place; an end
 */
export type WeightsState =
  'to compute' | 'nothing to send' | 'to send' | 'sent' | 'confirmed' | 'missed' | 'taken over';

/** The weights for a cycle's work, computed once, and how far they have come. */
@Entity('cycle_weights')
export class CycleWeightsRow {
  /** The cycle's first block. */
  @PrimaryColumn('integer') cycle_start!: number;
  /** The first block after it. */
  @Column('integer') cycle_end!: number;
  /** The window in which they may be handed in, as `Window`. */
  @Column('integer') window_from!: number;
  @Column('integer') window_until!: number;
  @Column('text') state!: WeightsState;
  /** How it stands, as a sentence: what it waits for, or how it ended. */
  @Column('text') note!: string;
  /** `[[hotkey, weight], …]`, exactly as it is sent; null before it is computed, and when there is nothing to send. */
  @Column('text', { nullable: true }) weights!: string | null;
  /** Why everybody gets what they get, as JSON: `Reasons`. */
  @Column('text', { nullable: true }) reasons!: string | null;
  /** SHA-256 of everything that the weights depend on, hex: validators with the same one have the same weights. */
  @Column('text', { nullable: true }) inputs_digest!: string | null;
  @Column('timestamptz', { nullable: true }) computed_at!: Date | null;
  /** How often they were given to Pylon. */
  @Column('integer') attempts!: number;
  @Column('integer', { nullable: true }) first_sent_block!: number | null;
  @Column('integer', { nullable: true }) last_sent_block!: number | null;
  /** The block in which the chain took them. */
  @Column('integer', { nullable: true }) confirmed_block!: number | null;
  /** The process that works on it, and until when it may without saying so again. */
  @Column('uuid', { nullable: true }) worker!: string | null;
  @Column('timestamptz', { nullable: true }) worker_until!: Date | null;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
}
