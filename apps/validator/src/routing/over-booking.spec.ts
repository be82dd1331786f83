import { randomUUID } from 'node:crypto';
import { Database, openDatabase, type Transaction } from '@horde/database';
import { Keypair } from '@horde/identity';
import { make, NewJob } from '@horde/protocol';
import { createTestDatabase } from '@horde/testing/database';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accepted, started } from '@horde/testing/receipts';
import { Capacity } from '../capacity/capacity.ts';
import { NoCollateral } from '../collateral/no-collateral.ts';
import { databaseOptions } from '../database.ts';
import { SystemEvents } from '../events/system-events.ts';
import { ReceiptQueries } from '../receipts/receipt-queries.ts';
import { storeReceipts } from '../receipts/store-receipts.ts';
import { signedRow } from '../testing/signed-row.ts';
import { Candidates } from './candidates.ts';
import { Decisions } from './decisions.ts';
import { KnownMiners } from './known-miners.ts';
import { Router } from './router.ts';

const executor_class = 'always_on.test';
const config = {
  DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS: 24,
  DYNAMIC_ROUTING_RELIABILITY_SOFT_CUTOFF: -50,
  DYNAMIC_ROUTING_RELIABILITY_SEPARATION: 5,
  DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI: 10n ** 16n,
};
const us = Keypair.generate();
/** Nothing has to be paid for. */
const free = {
  isRequired: false,
  accounts: () => new Map(),
  reserve: async () => null,
} as never;
const offers = { a: 1, b: 3, c: 8 };

/** A validator's router, with connections to the database of its own. */
class Process {
  private constructor(
    readonly url: string,
    readonly database: Database,
    private readonly router: Router,
  ) {}

  static async start(url: string): Promise<Process> {
    const database = new Database(await openDatabase(databaseOptions(url)));
    const capacity = new Capacity(new ReceiptQueries(database), us);
    const keys = {
      get: (key: keyof typeof config) => config[key],
      limits: { reservation: 7, startup: 5, leeway: 5 },
    } as never;
    const candidates = new Candidates(free, keys, new NoCollateral(), {} as never);
    const router = new Router(
      {} as never,
      candidates,
      new KnownMiners(database, capacity, keys, pino({ level: 'silent' })),
      free,
      new Decisions(database),
      new SystemEvents(database, { ring: () => {} } as never, {} as never),
      keys,
      {} as never,
      Math.random,
    );
    return new Process(url, database, router);
  }

  /** Chooses a miner for a job and stores the attempt. @returns its hotkey; why there is none */
  book(excluded: readonly string[] = [], beforeCommit = async (): Promise<void> => {}): Promise<string> {
    const job = randomUUID();
    return this.database.transaction(async (tx) => {
      await tx.manager.query(
        `insert into job (uuid, request, executor_class, status) values ($1, '', '${executor_class}', 'received')`,
        [job],
      );
      const request = make(NewJob, { uuid: job, executor_class });
      const choice = await this.router.choose(tx, request, { attempt: job, excluded: new Set(excluded) });
      if (choice.is !== 'miner') return `${choice.is}: ${choice.error.message}`;
      await this.begin(tx, job, choice.miner.hotkey);
      await beforeCommit();
      return choice.miner.hotkey;
    });
  }

  private async begin({ manager }: Transaction, job: string, hotkey: string): Promise<void> {
    await manager.query(
      `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at)
       values ($1, 1, $1, $2, '192.0.2.1', 1, now())`,
      [job, hotkey],
    );
  }
}

let one: Process;
let other: Process;

beforeAll(async () => {
  const url = await createTestDatabase();
  one = await Process.start(url);
  other = await Process.start(url);
});
afterAll(() => Promise.all([one, other].map(({ database }) => database.dataSource.destroy())));
beforeEach(async () => {
  const { manager } = one.database;
  for (const table of ['receipt', 'blacklisted_miner', 'job', 'miner_manifest', 'miner'])
    await manager.query(`delete from ${table}`);
  for (const [hotkey, count] of Object.entries(offers)) {
    await manager.query(`insert into miner (hotkey, uid, ip, port) values ($1, 1, '192.0.2.1', 1)`, [hotkey]);
    await manager.query('insert into miner_manifest values ($1, $2, $3)', [hotkey, executor_class, count]);
  }
});

describe('the fault that the routing lock was of one process alone', () => {
  it('two processes that choose at once give each executor to one job', async () => {
    const jobs = Array.from({ length: 60 }, (_, at) => (at % 2 ? one : other).book());
    const chosen = Map.groupBy(await Promise.all(jobs), (result) => result);
    expect(Object.fromEntries([...chosen].map(([result, those]) => [result, those.length]))).toEqual({
      ...offers,
      'wait: All executors of class always_on.test are busy: 12 of 3 miners.': 48,
    });
  });
});

describe('the fault that a miner was busy with this validator’s jobs alone', () => {
  it('an executor that another validator’s receipts show busy gets no job', async () => {
    const [validator, miner] = [Keypair.generate(), Keypair.generate()];
    const { manager } = one.database;
    const hotkey = miner.address;
    await manager.query('delete from miner_manifest');
    await manager.query(`insert into miner (hotkey, uid, ip, port) values ($1, 2, '192.0.2.1', 1)`, [hotkey]);
    await manager.query('insert into miner_manifest values ($1, $2, 3)', [hotkey, executor_class]);
    const job = { validator, miner, uuid: randomUUID() };
    await storeReceipts(manager, [
      signedRow(started(job), job),
      signedRow(accepted(job, { ttl: 60 }), job),
      // Of ours, too, there is one; it counts by its attempt, and that has ended.
      signedRow(started({ validator: us, miner }), { validator: us, miner }),
    ]);
    const fresh = await Process.start(one.url);
    const jobs = [];
    for (let i = 0; i < 3; i++) jobs.push(await fresh.book());
    await fresh.database.dataSource.destroy();
    expect(jobs).toEqual([
      hotkey,
      hotkey,
      'wait: All executors of class always_on.test are busy: 3 of 1 miner.',
    ]);
  });
});

describe('a choice', () => {
  it('keeps nobody waiting who chooses another miner', async () => {
    const { promise: isChosen, resolve: chosen } = Promise.withResolvers<void>();
    const { promise: release, resolve: commit } = Promise.withResolvers<void>();
    const slow = one.book(['b', 'c'], async () => {
      chosen();
      await release;
    });
    await isChosen;
    expect(await other.book(['a', 'c'])).toBe('b');
    const second = other.book(['b', 'c']);
    commit();
    expect(await slow).toBe('a');
    expect(await second).toBe('wait: All executors of class always_on.test are busy: 1 of 1 miner.');
  });

  it('that is not stored leaves the executor free', async () => {
    const failed = one.book(['b', 'c'], async () => {
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await other.book(['b', 'c'])).toBe('a');
  });

  it('passes over miners on the blacklist until their entry expires, and says so', async () => {
    const { manager } = one.database;
    await manager.query(
      `insert into blacklisted_miner (hotkey, reason, details, expires_at) values
       ('a', 'MANUAL', '', null), ('b', 'JOB_CHEATED', '', now() + interval '1 hour'), ('c', 'JOB_FAILED', '', now())`,
    );
    for (let i = 0; i < 8; i++) expect(await one.book()).toBe('c');
    expect(await one.book()).toBe(
      'wait: No miner can have the job. 3 miners with executors of class always_on.test: 2 on the blacklist, 1 busy.',
    );
    expect(await one.book(['c'])).toBe(
      'reject: No miner can have the job. 3 miners with executors of class always_on.test: 2 on the blacklist, 1 asked already.',
    );
  });
});
