import type { Chain, Neuron } from '@horde/chain';
import type { Database } from '@horde/database';
import { pino } from 'pino';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { PageCheckpoints } from '../receipts/transfer/page-checkpoints.ts';
import { PageTransfer } from '../receipts/transfer/page-transfer.ts';
import { ReceiptTransfer } from '../receipts/transfer/receipt-transfer.ts';
import { ReceiptVerifier } from '../receipts/transfer/receipt-verifier.ts';
import { KnownValidators } from '../receipts/transfer/known-validators.ts';
import { TransferMetrics } from '../receipts/transfer/transfer-metrics.ts';

/** A chain that lets these hotkeys validate, and has no more to tell. */
export const chainOf = (hotkeys: () => Promise<string[]>): Chain =>
  ({
    validators: async () => ({
      block: { number: 1, hash: '' },
      validators: (await hotkeys()).map((hotkey) => ({ hotkey, totalStake: 1 }) as Neuron),
    }),
  }) as Chain;

/** What a process fetches receipts with. */
export function newTransfer(database: Database, chain: Chain) {
  const metrics = new TransferMetrics(new MetricsRegistry());
  const checkpoints = new PageCheckpoints(database);
  const validators = new KnownValidators(chain, database);
  const verifier = new ReceiptVerifier(validators);
  const pages = new PageTransfer(database, checkpoints, verifier, metrics);
  const logger = pino({ level: 'silent' });
  return {
    transfer: new ReceiptTransfer(database, checkpoints, pages, metrics, logger),
    metrics,
    close: async () => {
      pages.onApplicationShutdown();
      await verifier.onApplicationShutdown();
    },
  };
}
