import { attemptReceiptChecks } from './checks/attempt-receipts.ts';
import { receiptTransferChecks } from './checks/receipt-transfer.ts';
import { shownReceiptsChecks } from './checks/shown-receipts.ts';
import { withEachGeneration } from './each-generation.ts';

const both = [receiptTransferChecks, shownReceiptsChecks];
// A finished receipt of our validator's has block numbers: it verifies in its own generation only.
const checks = { old: both, new: [...both, attemptReceiptChecks] };

await withEachGeneration('pages of receipts', (generation, peer) => {
  for (const check of checks[generation]) check(generation, peer);
});
