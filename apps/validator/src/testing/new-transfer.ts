import type { Chain, Neuron } from '@horde/chain';
import type { Database } from '@horde/database';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { PageCheckpoints } from '../receipts/transfer/page-checkpoints.ts';
import { PageTransfer } from '../receipts/transfer/page-transfer.ts';
import { ReceiptTransfer } from '../receipts/transfer/receipt-transfer.ts';
import { ReceiptVerifier } from '../receipts/transfer/receipt-verifier.ts';
import { RegisteredHotkeys } from '../receipts/transfer/registered-hotkeys.ts';
import { TransferMetrics } from '../receipts/transfer/transfer-metrics.ts';

/** A chain that has neurons with these hotkeys, and no more to tell. */
export const chainOf = (hotkeys: () => Promise<string[]>): Chain =>
  ({
    neurons: async () => ({
      block: { number: 1, hash: '' },
      neurons: (await hotkeys()).map(
        (hotkey) => ({ hotkey, validatorPermit: true, totalStake: 1 }) as Neuron,
      ),
    }),
  }) as Chain;

/** What a process fetches receipts with. */
export function newTransfer(database: Database, chain: Chain) {
  const metrics = new TransferMetrics(new Registry());
  const checkpoints = new PageCheckpoints(database);
  const hotkeys = new RegisteredHotkeys(chain, database);
  const verifier = new ReceiptVerifier(hotkeys);
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
