import { receiptTransferChecks } from './checks/receipt-transfer.ts';
import { withEachGeneration } from './each-generation.ts';

await withEachGeneration('transfer of receipts, from our miner', receiptTransferChecks);
