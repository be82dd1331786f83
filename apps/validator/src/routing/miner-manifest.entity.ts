import type { ExecutorClass } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many executors of one class a miner offers. */
@Entity('miner_manifest')
export class MinerManifest {
  @PrimaryColumn('text') hotkey!: string;
  @PrimaryColumn('text') executor_class!: ExecutorClass;
  @Column('integer') count!: number;
}
