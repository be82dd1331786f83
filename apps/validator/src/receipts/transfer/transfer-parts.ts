import type { Provider } from '@nestjs/common';
import { Database, Leases } from '@horde/database';
import { PageCheckpoints } from './page-checkpoints.ts';
import { PageTransfer } from './page-transfer.ts';
import { ReceiptTransfer } from './receipt-transfer.ts';
import { ReceiptVerifier } from './receipt-verifier.ts';
import { RegisteredHotkeys } from './registered-hotkeys.ts';
import { TransferMetrics } from './transfer-metrics.ts';

/** What receipts are fetched with. */
export const transferParts: Provider[] = [
  { provide: Leases, useFactory: (database: Database) => new Leases(database), inject: [Database] },
  PageCheckpoints,
  PageTransfer,
  ReceiptTransfer,
  ReceiptVerifier,
  RegisteredHotkeys,
  TransferMetrics,
];
