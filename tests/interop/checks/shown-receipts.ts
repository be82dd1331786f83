import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { receiptText, type ReceiptPayload } from '@horde/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accepted, finished, pageLine, started } from '@horde/testing/receipts';
import { PageServer } from '@horde/testing/page-server';
import { chainOf, newTransfer } from '../../../apps/validator/src/testing/new-transfer.ts';
import { openTestDatabase } from '../../../apps/validator/src/testing/open-test-database.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';

/** A validator of ours fetches the receipts that a Python miner has put on its pages, each once and all of them. */
export function shownReceiptsChecks(generation: Generation, peer: Peer): void {
  const of = { validator: Keypair.generate(), miner: Keypair.generate() };
  const server = new PageServer();
  let folder: string;
  let database: Database;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'horde-interop-shown-'));
    database = await openTestDatabase();
    await server.start();
  });
  afterAll(async () => {
    await server.stop();
    await database?.dataSource.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  /** Has the miner show receipts. */
  async function show(payloads: ReceiptPayload[]): Promise<void> {
    const lines = payloads.map((payload) => pageLine(payload, of));
    const page = await peer.ask<number>('show_receipts', { folder, lines });
    server.pages.set(page, await readFile(path.join(folder, `${page}.jsonl`), 'utf8'));
  }

  it('receipts are fetched as the miner puts them on its pages', async ({ task }) => {
    const { transfer, metrics, close } = newTransfer(
      database,
      chainOf(() => Promise.resolve([of.validator.address])),
    );
    const source = { hotkey: of.miner.address, ip: '127.0.0.1', port: server.port };
    const all: ReceiptPayload[] = [];
    for (let i = 0; i < 3; i++) {
      // The old packages know no block numbers, and sign a receipt without them.
      const block_numbers = generation === 'old' ? undefined : [i, 2 ** 32];
      const payloads = [started(of), accepted(of), finished(of, { block_numbers })];
      await show(payloads);
      all.push(...payloads);
      await transfer.once(AbortSignal.timeout(60_000), [source]);
    }
    const rows = await database.manager.query<{ payload: string }[]>('select payload from receipt');
    expect(rows.map(({ payload }) => payload).toSorted()).toEqual(all.map(receiptText).toSorted());
    expect((await metrics.receipts.get()).values[0]!.value).toBe(all.length);
    expect((await metrics.lineErrors.get()).values).toEqual([]);
    await close();
    task.meta.count = all.length;
  });
}
