import type { ExecutorClass } from '@horde/protocol';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** From a block on a miner offers another number of executors of a class. */
@Entity('manifest_change')
export class StoredManifestChange {
  @PrimaryColumn('text') miner_hotkey!: string;
  @PrimaryColumn('text') executor_class!: ExecutorClass;
  @PrimaryColumn('integer') block!: number;
  /** Not more than one miner may have. */
  @Column('integer') count!: number;
  /** Allowance of older blocks is lost. */
  @Column('boolean') is_drop!: boolean;
}
