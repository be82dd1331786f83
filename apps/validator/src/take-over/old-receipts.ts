import type { INestApplicationContext } from '@nestjs/common';
import { eachReceipt, leaveFaults, type Part } from '@horde/commands';
import { countStored, storeReceipts } from '../receipts/store-receipts.ts';
import { ReceiptVerifier } from '../receipts/transfer/receipt-verifier.ts';
import { keptFor } from '../retention/old-records.ts';

/** The receipts that ComputeHorde's validator has made or fetched and that are still kept, verified as fetched ones are. */
export const oldReceipts = (app: INestApplicationContext): Part => ({
  what: 'receipts',
  async run(run, tally) {
    const verifier = app.get(ReceiptVerifier);
    await eachReceipt(run, tally, Date.now() - keptFor, async (lines) => {
      const { receipts, faults } = await verifier.verify(lines, null);
      leaveFaults(tally, faults);
      const here = await run.change(async ({ manager }) => {
        const before = await countStored(manager, receipts);
        await storeReceipts(manager, receipts);
        return before;
      });
      tally.add({ taken: receipts.length - here, here });
    });
  },
});
