import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { VerifierPool } from '@horde/identity';
import { readLine, verifyReceipts, type FetchedReceipt, type LineFault } from '@horde/receipts';
import { receiptRow, type ReceiptRow } from '../receipt-row.ts';
import { KnownValidators } from './known-validators.ts';

/** A signature costs as much as all the rest of a receipt: this process needs less than half a core beside them. */
const threads = Math.min(4, availableParallelism());
/** So many lines are read before others have their turn: a few milliseconds. */
const linesAtOnce = 50;

/** A page with so many lines at once that are no receipts of its miner is none. */
const maxFaults = 500;

/** What the lines of a page have come to. */
export interface Verified {
  receipts: ReceiptRow[];
  faults: LineFault[];
  /** False: what is on the page is not worth the time it would take to look at the rest of it. */
  isPage: boolean;
}

/** Tells good receipts from bad ones. Signatures, which take most of the time, are verified on other threads. */
@Injectable()
export class ReceiptVerifier implements OnApplicationShutdown {
  /** In a simulation its validators share one. */
  protected readonly pool: Pick<VerifierPool, 'verifyAll' | 'close'> = new VerifierPool({
    size: threads,
    maxWaiting: Infinity,
  });

  constructor(private readonly validators: KnownValidators) {}

  /**
   * @param lines of a page
   * @param miner the hotkey of the miner that shows it; null: they are of any
   * @throws ChainError when a validator is not known and the chain cannot be asked: its receipts would be lost
   */
  async verify(lines: readonly string[], miner: string | null): Promise<Verified> {
    const faults: LineFault[] = [];
    const read: FetchedReceipt[] = [];
    for (const [index, line] of lines.entries()) {
      if (index % linesAtOnce === linesAtOnce - 1) await nextTurn();
      const receipt = readLine(line, miner, this.now());
      if (typeof receipt !== 'string') read.push(receipt);
      else if (faults.push(receipt) >= maxFaults) break;
    }
    const isPage = faults.length < maxFaults;
    const known = await this.validators.including(read.map(({ payload }) => payload.validator_hotkey));
    const counting = read.filter(({ payload }) => known.has(payload.validator_hotkey));
    for (let i = counting.length; i < read.length; i++) faults.push('UnknownValidator');
    const receipts: ReceiptRow[] = [];
    for (const verified of await verifyReceipts(this.pool, counting)) {
      if (typeof verified === 'string') faults.push(verified);
      else receipts.push(receiptRow(verified.payload, verified));
    }
    return { receipts, faults, isPage };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close();
  }

  /** In a simulation time is that of its blocks. @unit ms since 1970 */
  protected now(): number {
    return Date.now();
  }
}
