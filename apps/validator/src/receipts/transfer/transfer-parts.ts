import type { Provider } from '@nestjs/common';
import { PageCheckpoints } from './page-checkpoints.ts';
import { PageTransfer } from './page-transfer.ts';
import { ReceiptTransfer } from './receipt-transfer.ts';
import { ReceiptVerifier } from './receipt-verifier.ts';
import { KnownValidators } from './known-validators.ts';
import { TransferMetrics } from './transfer-metrics.ts';

/** What receipts are fetched with. */
export const transferParts: Provider[] = [
  PageCheckpoints,
  PageTransfer,
  ReceiptTransfer,
  ReceiptVerifier,
  KnownValidators,
  TransferMetrics,
];
