import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database, GatheredBell } from '@horde/database';
import { verifyHex } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { parseJson, readObject, Receipt, receiptText } from '@horde/protocol';
import { Pages, PageStore } from '@horde/receipts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { MinerSettings } from '../settings.ts';
import { MinerUnderTest } from '../testing/miner.ts';
import { RandomReceipts } from './random-receipts.ts';
import { ReceiptPages } from './receipt-pages.ts';
import { Receipts } from './receipts.ts';

let folder: string;
let miner: MinerUnderTest;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-miner-pages-'));
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }), {
    receiptsRoot: folder,
    receiptTransfer: true,
  });
});
afterEach(async () => {
  await miner.close();
  await rm(folder, { recursive: true });
});

const settled = () => miner.receiptsShown();
const make = (count: number) => new RandomReceipts(miner.part(Database), miner.part(Receipts)).create(count);
const unpaged = () => miner.query('select 1 from receipt where page is null');

/** The receipts of all pages, oldest first. */
async function shown(): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  const pages = new Pages(folder);
  for (const page of await pages.pages())
    for await (const line of pages.lines(page)) receipts.push(readObject(Receipt, parseJson(line)));
  return receipts;
}

it('each receipt is one line of a page, signed by both sides', async () => {
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  await connection.send(validator.finished(job_uuid));
  await connection.settled();
  await settled();
  const receipts = await shown();
  expect(receipts.map(({ payload }) => [payload.job_uuid, payload.receipt_type])).toEqual([
    [job_uuid, 'JobStartedReceipt'],
    [job_uuid, 'JobFinishedReceipt'],
  ]);
  for (const { payload, validator_signature, miner_signature } of receipts) {
    expect(verifyHex(receiptText(payload), validator_signature, validator.hotkey)).toBe(true);
    expect(verifyHex(receiptText(payload), miner_signature, miner.hotkey)).toBe(true);
  }
  expect(await unpaged()).toEqual([]);
});

it('a receipt without block numbers is shown without them, as its validator has signed it', async () => {
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  await connection.send(validator.finished(job_uuid, { block_numbers: undefined }));
  await connection.settled();
  await settled();
  const [page] = await new Pages(folder).pages();
  const [, line] = (await readFile(new Pages(folder).file(page!), 'utf8')).split('\n');
  expect(line).toMatch(/^\{"payload":\{"job_uuid":"[^"]+","miner_hotkey"/);
  expect(line).not.toContain('block_numbers');
});

it('a folder that cannot be used is told once; when it can, receipts are put on pages', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  const told: string[] = [];
  const logger = createLogger('miner', {
    write: (line) => void told.push((JSON.parse(line) as { msg: string }).msg),
  });
  const settings = Object.assign(new MinerSettings(), { receiptsRoot: path.join(file, 'receipts') });
  const pages = new ReceiptPages(
    miner.part(Database),
    miner.part(MinerConfig),
    settings,
    miner.part(GatheredBell),
    logger,
  );
  await pages.settled();
  await pages.settled();
  expect(told).toEqual(['receipts could not be put on a page, and wait in the database']);
  expect(pages.trouble).toMatch(/^ENOTDIR/);
  await rm(file);
  await pages.settled();
  expect(told).toHaveLength(2);
  expect(pages.trouble).toBeNull();
  await pages.beforeApplicationShutdown();
});

it('receipts that were stored a moment before the miner stops are on a page when it has ended', async () => {
  await make(2);
  await miner.stop();
  expect(await unpaged()).toEqual([]);
  expect(await shown()).toHaveLength(2);
});

describe('a miner that was killed', () => {
  it('between a line and its row shows the receipt once after the restart', async () => {
    await make(3);
    await settled();
    await miner.query('update receipt set page = null');
    await miner.stop();
    await miner.boot();
    await settled();
    expect(await unpaged()).toEqual([]);
    expect(await shown()).toHaveLength(3);
  });

  it('in the middle of a line shows the receipt whole after the restart', async () => {
    await make(3);
    await settled();
    await miner.stop();
    const [page] = await new Pages(folder).pages();
    const file = new Pages(folder).file(page!);
    const lines = await readFile(file, 'utf8');
    await writeFile(file, lines.slice(0, -10));
    const { payload } = JSON.parse(lines.split('\n').at(-2)!) as Receipt;
    await miner.query('update receipt set page = null where job_uuid = $1', payload.job_uuid);
    await miner.boot();
    await settled();
    expect((await shown()).map((receipt) => receipt.payload.job_uuid)).toContain(payload.job_uuid);
    expect(await shown()).toHaveLength(3);
  });
});

it('a row that could not be updated does not get its receipt a second line', async () => {
  await miner.query('alter table receipt add constraint no_page check (page is null)');
  await make(2);
  await settled();
  expect(await unpaged()).toHaveLength(2);
  expect(await shown()).toHaveLength(2);
  await miner.query('alter table receipt drop constraint no_page');
  await settled();
  expect(await unpaged()).toEqual([]);
  expect(await shown()).toHaveLength(2);
});

it('a row that another connection still holds does not get its receipt a second line', async () => {
  await miner.query('alter table receipt add constraint no_page check (page is null)');
  await make(2);
  await settled();
  await miner.query('alter table receipt drop constraint no_page');
  // As a transaction whose miner has lost it, until the server notices.
  await miner.query('begin');
  await miner.query('select 1 from receipt for update');
  await settled();
  await miner.query('rollback');
  await settled();
  expect(await unpaged()).toEqual([]);
  expect(await shown()).toHaveLength(2);
});

it('receipts wait in the database while their transfer is off', async () => {
  const config = miner.part(MinerConfig);
  await config.set('DYNAMIC_RECEIPT_TRANSFER_ENABLED', false);
  await make(2);
  await settled();
  expect(await shown()).toEqual([]);
  await config.set('DYNAMIC_RECEIPT_TRANSFER_ENABLED', true);
  await settled();
  expect(await shown()).toHaveLength(2);
});

it('while another process writes to the folder receipts wait, and go on a page when it ends', async () => {
  await miner.stop();
  const other = (await PageStore.open(new Pages(folder)))!;
  await miner.boot();
  await make(2);
  await settled();
  expect(await unpaged()).toHaveLength(2);
  await other.close();
  await expect.poll(unpaged).toEqual([]);
  expect(await shown()).toHaveLength(2);
});

it('receipts whose pages are gone can be put on a page again, the others stay where they are', async () => {
  await make(3);
  await settled();
  const [lost] = await miner.query<{ job_uuid: string }>(
    'update receipt set page = 17 where job_uuid = (select job_uuid from receipt limit 1) returning job_uuid',
  );
  expect(await miner.part(ReceiptPages).prepare()).toBe(0);
  const uuids = (await shown()).map(({ payload }) => payload.job_uuid);
  expect(uuids).toHaveLength(4);
  expect(uuids.filter((uuid) => uuid === lost!.job_uuid)).toHaveLength(2);
});

it('a local miner shows none', async () => {
  await miner.stop();
  Object.assign(miner['settings'], { isLocalMiner: true, localMinerValidator: miner.stranger().hotkey });
  await miner.boot();
  await make(1);
  await settled();
  expect(await readdir(folder)).toEqual(['lock']);
});
