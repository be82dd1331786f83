import { mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pageAt, Pages } from '@horde/receipts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../../../apps/miner/src/testing/miner.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';

/** What a validator has got. */
interface Transferred {
  received: number;
  line_errors: string[];
  errors: string[];
  answers: { page: number; status: number; encoding: string | null }[];
  stored: { JobStartedReceipt: string[]; JobAcceptedReceipt: string[]; JobFinishedReceipt: string[] };
}

/** A Python validator fetches the receipts that a miner of ours shows, each once and all of them. */
export function receiptTransferChecks(generation: Generation, peer: Peer): void {
  let folder: string;
  let pages: Pages;
  let miner: MinerUnderTest;
  let validator: ScriptedValidator;
  const jobs: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'horde-interop-pages-'));
    pages = new Pages(folder);
    miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 1_000 }), {
      receiptsRoot: folder,
      receiptTransfer: true,
    });
    validator = await miner.validator();
  });
  afterAll(async () => {
    await miner?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs jobs, of each of which there are a started and a finished receipt. */
  async function run(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { connection, job_uuid } = await validator.accepted();
      // The old packages know no block numbers, and sign a receipt without them.
      const block_numbers = generation === 'old' ? undefined : [i, 2 ** 32];
      await connection.send(validator.finished(job_uuid, { block_numbers }));
      await connection.settled();
      await connection.close();
      jobs.push(job_uuid);
    }
    await miner.receiptsShown();
  }

  const transfer = (...wanted: number[]) =>
    peer.ask<Transferred>('transfer_receipts', {
      hotkey: miner.hotkey,
      port: Number(new URL(miner.url).port),
      pages: wanted,
    });
  const all = () => ({
    JobStartedReceipt: jobs.toSorted(),
    JobAcceptedReceipt: [],
    JobFinishedReceipt: jobs.toSorted(),
  });
  const active = () => [pageAt(Date.now()) - 1, pageAt(Date.now())];

  it('a complete page comes compressed, and all of it is stored', async ({ task }) => {
    await run(20);
    await miner.stop();
    const complete: number[] = [];
    for (const page of await pages.pages()) {
      complete.push(page - 10);
      await rename(pages.file(page), pages.file(page - 10));
    }
    await pages.archive();
    await miner.boot();
    const got = await transfer(...complete);
    expect(got).toMatchObject({ received: 40, line_errors: [], errors: [], stored: all() });
    expect(got.answers).toEqual(complete.map((page) => ({ page, status: 200, encoding: 'gzip' })));
    // From where it has read to there is nothing new.
    const again = await transfer(...complete);
    expect(again).toMatchObject({ received: 0, errors: [] });
    expect(again.answers).toMatchObject(complete.map(() => ({ status: 416 })));
    task.meta.count = 40;
  });

  it('receipts are fetched as they come, and only once', async ({ task }) => {
    let received = 0;
    let parts = 0;
    /** Page -> the status of the first answer. */
    const asked = new Map<number, number>();
    for (let round = 0; round < 3; round++) {
      await run(5);
      const got = await transfer(...active());
      expect(got).toMatchObject({ line_errors: [], errors: [], stored: all() });
      received += got.received;
      for (const { page, status } of got.answers) {
        if (status === 404) continue;
        if (asked.has(page)) parts += Number(status === 206);
        else asked.set(page, status);
      }
    }
    expect(received).toBe(30);
    const nothing = await transfer(...active());
    expect(nothing).toMatchObject({ received: 0, line_errors: [], errors: [] });
    // Each page whole the first time, then what is new of it.
    expect(new Set(asked.values())).toEqual(new Set([200]));
    expect(parts).toBeGreaterThan(0);
    task.meta.count = received;
  });

  it('lines are whole, also while the page grows', async ({ task }) => {
    const before = jobs.length;
    let lines = 0;
    const running = run(40).then(() => 'done');
    while ((await Promise.race([running, Promise.resolve()])) !== 'done') {
      const got = await transfer(...active());
      expect(got).toMatchObject({ line_errors: [], errors: [] });
      lines += got.received;
    }
    const last = await transfer(...active());
    expect(last).toMatchObject({ line_errors: [], errors: [], stored: all() });
    expect(lines + last.received).toBe(2 * (jobs.length - before));
    task.meta.count = lines + last.received;
  });

  it('a page that was removed is no error', async () => {
    const gone = pageAt(Date.now()) - 600;
    expect(await transfer(gone)).toMatchObject({
      received: 0,
      errors: [],
      answers: [{ page: gone, status: 404 }],
    });
  });
}
