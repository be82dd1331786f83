import type { INestApplicationContext } from '@nestjs/common';
import { eachReceipt, leaveFaults, type Part } from '@horde/commands';
import { Keypair, VerifierPool } from '@horde/identity';
import { readLine, verifyReceipts, type FetchedReceipt } from '@horde/receipts';
import { storedReceipt } from '../receipts/receipt-rules.ts';
import { Receipts } from '../receipts/receipts.ts';
import type { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import { keptFor } from '../retention/old-records.ts';

/** The receipts of ComputeHorde's miner that are still kept, once both of their signatures hold. */
export const oldReceipts = (app: INestApplicationContext): Part => ({
  what: 'receipts',
  async run(run, tally) {
    const { address } = app.get(Keypair);
    const receipts = app.get(Receipts);
    const pool = new VerifierPool();
    try {
      await eachReceipt(run, tally, Date.now() - keptFor, async (lines) => {
        const good: StoredReceipt[] = [];
        const read: FetchedReceipt[] = [];
        for (const line of lines) {
          const receipt = readLine(line, address, Date.now());
          if (typeof receipt === 'string') leaveFaults(tally, [receipt]);
          else read.push(receipt);
        }
        for (const verified of await verifyReceipts(pool, read)) {
          if (typeof verified === 'string') leaveFaults(tally, [verified]);
          else good.push(storedReceipt(verified.payload, verified));
        }
        const taken = await run.change((tx) => receipts.takeOver(tx, good));
        tally.add({ taken, here: good.length - taken });
      });
    } finally {
      await pool.close();
    }
  },
});
