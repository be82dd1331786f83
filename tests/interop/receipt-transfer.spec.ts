import { receiptTransferChecks } from './checks/receipt-transfer.ts';
import { shownReceiptsChecks } from './checks/shown-receipts.ts';
import { withEachGeneration } from './each-generation.ts';

await withEachGeneration('transfer of receipts, from our miner', receiptTransferChecks);
await withEachGeneration('pages of receipts, to our validator', shownReceiptsChecks);
