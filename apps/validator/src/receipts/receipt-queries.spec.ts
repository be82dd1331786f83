import { randomUUID } from 'node:crypto';
import type { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import type { ReceiptPayload } from '@horde/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accepted, finished, started, type Signers } from '@horde/testing/receipts';
import { openTestDatabase } from '../testing/open-test-database.ts';
import { signedRow } from '../testing/signed-row.ts';
import { ReceiptQueries } from './receipt-queries.ts';
import { storeReceipts } from './store-receipts.ts';

let database: Database;
let queries: ReceiptQueries;
const miner = Keypair.generate();
const other = Keypair.generate();
/** Any moment. @unit ms since 1970 */
const at = 1_735_787_045_000;
const second = 1_000;

beforeAll(async () => {
  database = await openTestDatabase();
  queries = new ReceiptQueries(database);
});
beforeEach(() => database.manager.query('truncate receipt'));
afterAll(() => database.dataSource.destroy());

const store = (signers: Signers, ...payloads: ReceiptPayload[]) =>
  storeReceipts(
    database.manager,
    payloads.map((payload) => signedRow(payload, signers)),
  );
const newJob = (of: Partial<Signers> = {}) => ({
  validator: Keypair.generate(),
  miner,
  uuid: randomUUID() as string,
  at,
  ...of,
});
const busy = async (time: number) =>
  Object.fromEntries((await queries.busyExecutors(new Date(time))).get('always_on.test') ?? []);

describe('the busy executors of a miner', () => {
  it('are those of jobs whose started receipt counts, from its time until its time-to-live has passed', async () => {
    const job = newJob();
    await store(job, started(job, { ttl: 7 }));
    expect(await busy(at - 1)).toEqual({});
    expect(await busy(at)).toEqual({ [miner.address]: 1 });
    expect(await busy(at + 7 * second)).toEqual({ [miner.address]: 1 });
    expect(await busy(at + 7 * second + 1)).toEqual({});
  });

  it('are those of jobs that were accepted, once each, until the finished receipt', async () => {
    const job = newJob();
    const later = { ...job, at: at + 5 * second };
    const end = { ...job, at: at + 50 * second };
    await store(job, started(job, { ttl: 7 }), accepted(later, { ttl: 100 }), finished(end));
    expect(await busy(at + 6 * second)).toEqual({ [miner.address]: 1 });
    expect(await busy(at + 49 * second)).toEqual({ [miner.address]: 1 });
    expect(await busy(at + 50 * second)).toEqual({});
  });

  it('are counted by class, over all validators and miners', async () => {
    for (const validator of [Keypair.generate(), Keypair.generate()])
      for (const m of [miner, other]) {
        const job = newJob({ validator, miner: m });
        await store(job, started(job));
        const elsewhere = newJob({ validator, miner: m });
        await store(elsewhere, started(elsewhere, { executor_class: 'always_on.llm.a6000' }));
      }
    expect(await busy(at)).toEqual({ [miner.address]: 2, [other.address]: 2 });
  });

  it('are none for an accepted receipt without its started one: nobody knows its class', async () => {
    const job = newJob();
    await store(job, accepted(job));
    expect(await busy(at)).toEqual({});
  });

  it('are not freed by a finished receipt of another validator or another miner for the same uuid', async () => {
    const job = newJob();
    await store(job, started(job));
    const squatter = Keypair.generate();
    for (const signers of [
      { validator: squatter, miner },
      { validator: job.validator, miner: other },
    ])
      await store(signers, finished({ ...job, ...signers }));
    expect(await busy(at + second)).toEqual({ [miner.address]: 1 });
  });

  it('are seen by the transaction that has just taken one', async () => {
    const seen = await database.transaction(async ({ manager }) => {
      const job = newJob();
      await storeReceipts(manager, [signedRow(started(job), job)]);
      return queries.busyExecutors(new Date(at), manager);
    });
    expect(seen).toEqual(new Map([['always_on.test', new Map([[miner.address, 1]])]]));
  });
});

describe('the finished jobs of a time range', () => {
  const finishedJobs = (from: number, to: number) => queries.finishedBetween(new Date(from), new Date(to));

  it('come with what their started receipt says', async () => {
    const job = newJob();
    const end = { ...job, at: at + 60 * second };
    await store(
      job,
      started({ ...job, at: at + 0.123 }),
      finished(end, { score_str: '660.000000', block_numbers: [5, 4, 5] }),
    );
    expect(await finishedJobs(end.at, end.at + 1)).toEqual([
      {
        jobUuid: job.uuid,
        validatorHotkey: job.validator.address,
        minerHotkey: miner.address,
        executorClass: 'always_on.test',
        startedAt: expect.closeTo(at + 0.123, 3),
        cost: 660,
        blocks: [5, 4, 5],
      },
    ]);
    expect(await finishedJobs(end.at + 1, end.at + 2)).toEqual([]);
    expect(await finishedJobs(at, end.at)).toEqual([]);
  });

  it('come in one order at every validator: the fault that the order of arrival decided who was paid', async () => {
    const jobs = Array.from({ length: 6 }, (_, i) => newJob(i % 2 ? {} : { miner: other }));
    const same = newJob();
    const twins = [newJob(), same].map((job) => ({ ...job, uuid: same.uuid }));
    const all = [...jobs.map((job, i) => ({ ...job, at: at + (i % 3) })), ...twins];
    const orders = [];
    for (const some of [all, all.toReversed()]) {
      await database.manager.query('truncate receipt');
      for (const job of some) await store(job, started(job), finished(job));
      orders.push(await finishedJobs(at, at + second));
    }
    expect(orders[0]).toHaveLength(8);
    expect(orders[0]).toEqual(orders[1]);
    const sorted = all.toSorted(
      (a, b) => a.at - b.at || compare(a.uuid, b.uuid) || compare(a.validator.address, b.validator.address),
    );
    expect(orders[0]!.map((job) => [job.jobUuid, job.validatorHotkey])).toEqual(
      sorted.map((job) => [job.uuid, job.validator.address]),
    );
  });

  it('with a score that cannot be read come without a cost: the fault that ended the scoring of everybody', async () => {
    for (const score_str of ['1.5', '9'.repeat(256), '12.000000']) {
      const job = newJob();
      await store(job, started(job), finished(job, { score_str }));
    }
    const costs = (await finishedJobs(at, at + 1)).map(({ cost }) => cost);
    expect(costs.toSorted()).toEqual([12, null, null]);
  });

  it('leave out what was not organic, and what has no started receipt of the same validator and miner', async () => {
    const synthetic = newJob();
    await store(synthetic, started(synthetic, { is_organic: false }), finished(synthetic));
    const alone = newJob();
    await store(alone, finished(alone));
    const squatter = { ...alone, validator: Keypair.generate() };
    await store(squatter, started(squatter));
    const elsewhere = { ...alone, miner: other };
    await store(elsewhere, started(elsewhere));
    expect(await finishedJobs(at, at + 1)).toEqual([]);
  });
});

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
