import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a miner's page of receipts has been read. */
@Entity('receipt_page')
export class ReceiptPage {
  @PrimaryColumn('text') miner_hotkey!: string;
  /** Another address of the miner may show another page under the same number. */
  @PrimaryColumn('text') url!: string;
  @Column('integer') page!: number;
  /** Whole lines: what is behind them is read again. @unit bytes */
  @Column('integer') bytes!: number;
  /** It was read to its end after the miner had begun the next pages: nothing more will come. */
  @Column('boolean', { default: false }) is_complete!: boolean;
}
