import { randomUUID } from 'node:crypto';
import type { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { make, Receipt, receiptText, wireTime, type ReceiptPayload } from '@horde/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accepted, finished, started, type ReceiptOf } from '@horde/testing/receipts';
import { openTestDatabase } from '../testing/open-test-database.ts';
import { signedRow } from '../testing/signed-row.ts';
import { Capacity } from '../capacity/capacity.ts';
import { ReceiptQueries } from '../receipts/receipt-queries.ts';
import { storeReceipts } from '../receipts/store-receipts.ts';
import { countsAsExcuse, type BusyDecline } from './excuse-rules.ts';
import { Excuses } from './excuses.ts';

const [own, validator, miner, stranger] = [1, 2, 3, 4].map(() => Keypair.generate()) as [
  Keypair,
  Keypair,
  Keypair,
  Keypair,
];
/** When the miner was asked. @unit ms since 1970 */
const at = 1_735_787_045_000;
const second = 1_000;
const decline: BusyDecline = {
  jobUuid: randomUUID(),
  minerHotkey: miner.address,
  executorClass: 'always_on.test',
  askedAt: wireTime(at * 1_000),
};
const of = (changes: Partial<ReceiptOf> = {}): ReceiptOf => ({
  validator,
  miner,
  at: at - second,
  ...changes,
});
const validators = new Set([validator.address]);

describe('a receipt excuses a miner that is busy', () => {
  const counts = (payload: ReceiptPayload) => countsAsExcuse(payload, decline, validators);

  it('when it is of another job on the class, of a validator that counts, and still counts itself', () => {
    expect(counts(started(of()))).toBe(true);
    expect(counts(started(of({ at: at - 0.001 })))).toBe(true);
    expect(counts(started(of({ at: at - 9 * second + 0.001 }), { ttl: 7 }))).toBe(true);
  });

  it.each<[string, () => ReceiptPayload]>([
    ['it is of the declined job', () => started(of(), { job_uuid: decline.jobUuid })],
    ['it is of another miner', () => started(of({ miner: stranger }))],
    ['it is of another class', () => started(of(), { executor_class: 'always_on.llm.a6000' })],
    ['its validator has too little stake', () => started(of({ validator: stranger }))],
    ['it is as old as the request', () => started(of({ at }))],
    ['its time-to-live has passed for two seconds', () => started(of({ at: at - 9 * second }), { ttl: 7 })],
    ['it is no started receipt', () => accepted(of())],
  ])('not when %s', (_why, payload) => expect(counts(payload())).toBe(false));
});

describe('a decline as busy', () => {
  let database: Database;
  let excuses: Excuses;
  const config = { get: () => 30_000 } as never;
  const query = (sql: string, values: unknown[] = []) => database.manager.query(sql, values);

  beforeAll(async () => {
    database = await openTestDatabase();
    excuses = new Excuses(new Capacity(new ReceiptQueries(database), own), config, own);
    await query('insert into known_validator (hotkey, stake) values ($1, 30000), ($2, 29999)', [
      validator.address,
      stranger.address,
    ]);
    await query(`insert into miner (hotkey, uid) values ($1, 1)`, [miner.address]);
  });
  beforeEach(async () => {
    await query('truncate receipt, miner_manifest');
    const asked = { validator: own, miner, uuid: decline.jobUuid, at };
    await store(asked, started(asked));
  });
  afterAll(() => database.dataSource.destroy());

  const shown = (payload: ReceiptPayload, signer = validator) =>
    make(Receipt, {
      payload,
      validator_signature: signer.signHex(receiptText(payload)),
      miner_signature: '0x',
    });
  const isExcused = async (receipts: Receipt[], offered: number | null = 1) => {
    await query('truncate miner_manifest');
    if (offered !== null)
      await query('insert into miner_manifest values ($1, $2, $3)', [
        miner.address,
        decline.executorClass,
        offered,
      ]);
    const asked = {
      uuid: decline.jobUuid,
      miner_hotkey: miner.address,
      executor_class: decline.executorClass,
    };
    return excuses.isExcused(database.manager, asked, receipts);
  };
  const store = (who: ReceiptOf, ...payloads: ReceiptPayload[]) =>
    storeReceipts(
      database.manager,
      payloads.map((payload) => signedRow(payload, who)),
    );

  it('is excused by as many jobs as the miner has executors, each counted once', async () => {
    const [one, two] = [shown(started(of())), shown(started(of()))];
    expect(await isExcused([one, one, two], 2)).toBe(true);
    expect(await isExcused([one, one], 2)).toBe(false);
    expect(await isExcused([one], 1)).toBe(true);
  });

  it('is not excused by receipts that their validator has not signed', async () => {
    expect(await isExcused([shown(started(of()), stranger)])).toBe(false);
  });

  it('is not excused without a manifest: the fault that excused everything then', async () => {
    expect(await isExcused([shown(started(of()))], null)).toBe(false);
    expect(await isExcused([], 0)).toBe(true);
  });

  it('is measured by the newest manifest: the fault that took the oldest', async () => {
    const receipts = [shown(started(of()))];
    expect(await isExcused(receipts, 1)).toBe(true);
    expect(await isExcused(receipts, 2)).toBe(false);
  });

  it('is excused by long jobs, whose receipts are stored here: the fault that only counted seconds', async () => {
    const who = of({ uuid: randomUUID(), at: at - 600 * second });
    await store(who, started(who), accepted(who, { ttl: 900 }));
    const mine = of({ validator: own, uuid: randomUUID(), at: at - 3 * second });
    await store(mine, started(mine));
    expect(await isExcused([], 2)).toBe(true);
    expect(await isExcused([], 3)).toBe(false);
  });

  it('is not excused by stored receipts of validators that do not count, nor by its own', async () => {
    const who = of({ validator: stranger, uuid: randomUUID() });
    await store(who, started(who));
    expect(await isExcused([])).toBe(false);
  });

  it('is not excused by jobs that had ended: the fault that counted declined ones', async () => {
    const who = of({ uuid: randomUUID() });
    const receipt = shown(started(who));
    await store(who, finished({ ...who, at: at - 500 }, { score_str: '0.000000' }));
    expect(await isExcused([receipt])).toBe(false);
    const later = of({ uuid: randomUUID() });
    await store(later, finished({ ...later, at: at + 1 }));
    expect(await isExcused([shown(started(later))])).toBe(true);
  });
});
