import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A neuron that has, or had, an address. */
@Entity('miner')
export class Miner {
  @PrimaryColumn('text') hotkey!: string;
  @Column('integer') uid!: number;
  /** null: it is no longer on the chain, or has taken its address back. */
  @Column('text', { nullable: true }) ip!: string | null;
  @Column('integer', { nullable: true }) port!: number | null;
}
