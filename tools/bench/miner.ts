/**
 * What a miner costs: accepting a job beside the same transaction done by bare pg, the way to an executor that is warm, a
 * receipt, and an executor that is connected and idle. The miner is the real bundle in a process of its own, on a
 * database that syncs.
 */
import type { Figure } from './figure.ts';
import { acceptFigures } from './miner/accept.ts';
import { memoryFigures } from './miner/memory.ts';
import { receiptFigures } from './miner/receipts.ts';
import { warmFigures } from './miner/warm.ts';
import { withPostgres } from './miner/with-postgres.ts';

export async function figures(): Promise<Figure[]> {
  return [
    ...(await withPostgres(async () => [
      ...(await acceptFigures()),
      ...(await warmFigures()),
      ...(await memoryFigures()),
    ])),
    ...(await receiptFigures()),
  ];
}
