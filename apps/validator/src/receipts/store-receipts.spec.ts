import { randomUUID } from 'node:crypto';
import { Database, openDatabase } from '@horde/database';
import { Keypair } from '@horde/identity';
import { receiptText, type ReceiptPayload } from '@horde/protocol';
import { createTestDatabase } from '@horde/testing/database';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accepted, finished, started, type Signers } from '@horde/testing/receipts';
import { databaseOptions } from '../database.ts';
import { KeepReceiptsOfAllValidators1795000000010 } from '../migrations/keep-receipts-of-all-validators.ts';
import { openTestDatabase } from '../testing/open-test-database.ts';
import { signedRow } from '../testing/signed-row.ts';
import { Receipts } from './receipts.ts';
import { storeReceipts } from './store-receipts.ts';

let database: Database;
let own: Keypair;
let receipts: Receipts;
const miner = Keypair.generate();

beforeAll(async () => {
  database = await openTestDatabase();
  own = Keypair.generate();
  receipts = new Receipts(database, own);
});
beforeEach(() => database.manager.query('truncate receipt'));
afterAll(() => database.dataSource.destroy());

const store = (...given: [ReceiptPayload, Signers][]) =>
  storeReceipts(
    database.manager,
    given.map(([payload, signers]) => signedRow(payload, signers)),
  );
const issue = (payload: ReceiptPayload) => database.transaction(async (tx) => receipts.issue(tx, payload));
const stored = <T>(columns: string) =>
  database.manager.query<T[]>(`select ${columns} from receipt order by timestamp`);

describe('receipts', () => {
  it('are stored once, however often they come', async () => {
    const of = { validator: Keypair.generate(), miner, uuid: randomUUID() };
    const all: [ReceiptPayload, Signers][] = [started(of), accepted(of), finished(of)].map((payload) => [
      payload,
      of,
    ]);
    await store(...all, ...all);
    await store(...all);
    expect(await stored('receipt_type')).toHaveLength(3);
  });

  it('get the signature of their miner when this validator has issued them', async () => {
    const of = { validator: own, miner };
    const payload = started(of);
    const { signature } = await issue(payload);
    expect(await stored('miner_signature')).toEqual([{ miner_signature: null }]);
    await store([payload, of]);
    const [row] = await stored<{ miner_signature: string }>('miner_signature');
    expect(row!.miner_signature).toMatch(/^0x/);
    await issue(payload);
    expect(await stored('miner_signature')).toEqual([row]);
    const found = await receipts.find(payload.job_uuid, 'JobStartedReceipt');
    expect(receiptText(found!.payload)).toBe(receiptText(payload));
    expect(signature).toMatch(/^0x/);
  });

  it('of one job that differ: the earlier counts at every validator, whichever it has got first', async () => {
    const of = { validator: Keypair.generate(), miner, uuid: randomUUID() };
    const [early, late] = [finished({ ...of, at: 1_000 }), finished({ ...of, at: 1_000.001 })];
    for (const order of [
      [early, late],
      [late, early],
    ]) {
      await database.manager.query('truncate receipt');
      for (const payload of order) await store([payload, of]);
      expect(await stored('payload')).toEqual([{ payload: receiptText(early) }]);
      await database.manager.query('truncate receipt');
      await store(...order.map((payload): [ReceiptPayload, Signers] => [payload, of]));
      expect(await stored('payload')).toEqual([{ payload: receiptText(early) }]);
    }
  });

  it('that others sign for a job of this validator harm nobody: first come does not own its uuid', async () => {
    const [squatter, accomplice] = [Keypair.generate(), Keypair.generate()];
    const uuid = randomUUID();
    await store([
      started({ validator: squatter, miner: accomplice, uuid }),
      { validator: squatter, miner: accomplice },
    ]);
    await store([started({ validator: squatter, miner, uuid }), { validator: squatter, miner }]);
    expect(await receipts.find(uuid, 'JobStartedReceipt')).toBeNull();
    await issue(started({ validator: own, miner, uuid }));
    expect((await receipts.find(uuid, 'JobStartedReceipt'))!.payload.validator_hotkey).toBe(own.address);
    expect(await stored('validator_hotkey')).toHaveLength(3);
  });

  it('with a score that cannot be read are stored without it', async () => {
    const of = { validator: Keypair.generate(), miner };
    for (const score_str of ['1.5', '9'.repeat(256), 'letters', '12.000000'])
      await store([finished(of, { score_str }), of]);
    expect(await stored('score')).toEqual([null, null, null, '12'].map((score) => ({ score })));
  });
});

it('the receipts of an earlier version are kept, with what their texts say', async () => {
  const url = await createTestDatabase();
  const options = databaseOptions(url);
  const before = await openDatabase({
    ...options,
    migrations: options.migrations.slice(
      0,
      options.migrations.indexOf(KeepReceiptsOfAllValidators1795000000010),
    ),
  });
  const of = { validator: own, miner, uuid: randomUUID(), at: 1_735_787_045_000.123 };
  const payloads = [started(of), accepted(of), finished(of, { block_numbers: [3, 2 ** 32] })];
  for (const payload of payloads) {
    await before.query(
      'insert into receipt (job_uuid, receipt_type, miner_hotkey, payload, validator_signature) values ($1, $2, $3, $4, $5)',
      [payload.job_uuid, payload.receipt_type, payload.miner_hotkey, receiptText(payload), '0x'],
    );
  }
  await before.destroy();
  const after = new Database(await openDatabase(options));
  const columns = 'receipt_type, timestamp, executor_class, is_organic, expires_at, score, block_numbers';
  const migrated = await after.manager.query(`select ${columns} from receipt order by receipt_type`);
  await after.manager.query('truncate receipt');
  await storeReceipts(
    after.manager,
    payloads.map((payload) => signedRow(payload, of)),
  );
  expect(migrated).toEqual(await after.manager.query(`select ${columns} from receipt order by receipt_type`));
  await after.dataSource.destroy();
});
