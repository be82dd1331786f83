import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A neuron that has, or had, an address. */
@Entity('miner')
export class Miner {
  @PrimaryColumn('text') hotkey!: string;
  @Column('integer') uid!: number;
  /** Where it is reached, an IP address; behind a DDoS shield also a name. null: it is no longer on the chain, or has taken its address back. */
  @Column('text', { nullable: true }) ip!: string | null;
  @Column('integer', { nullable: true }) port!: number | null;
  /** What the chain tells of one that is reached behind a DDoS shield; of others it tells `ip` and `port`. */
  @Column('text', { nullable: true }) axon_ip!: string | null;
  @Column('integer', { nullable: true }) axon_port!: number | null;
}
