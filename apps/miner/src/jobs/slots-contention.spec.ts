import { randomUUID } from 'node:crypto';
import { Database, openDatabase, Outbox, OutboxRow, type GatheredBell } from '@horde/database';
import { DeclineJob, make } from '@horde/protocol';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { databaseOptions } from '../migrations/database-options.ts';
import { WarmSessions } from './warm-sessions.ts';
import type { Receipts } from '../receipts/receipts.ts';
import { Slots } from './slots.ts';
import type { SlotRequest } from './take-slots.ts';

const executorClass = 'always_on.test';
let sources: DataSource[];
let sessions: WarmSessions[];
let desks: Slots[];

/** Two processes of one miner, as far as slots go. */
beforeAll(async () => {
  const url = await createTestDatabase();
  const own = databaseOptions(url);
  const options = { ...own, entities: [...own.entities, OutboxRow] };
  sources = [await openDatabase(options), await openDatabase(options)];
  sessions = sources.map(() => new WarmSessions());
  desks = sources.map((source, index) => {
    const database = new Database(source);
    const receipts = { store: async () => {} } as unknown as Receipts;
    const bell = { ring: () => {} } as unknown as GatheredBell;
    return new Slots(database, new Outbox(database), receipts, sessions[index]!, bell);
  });
});
afterAll(() => Promise.all(sources.map((source) => source.destroy())));
beforeEach(() => sources[0]!.query('truncate job, warm_executor, outbox cascade'));

const request = (capacity: number, uuid = randomUUID()): SlotRequest => ({
  job: {
    uuid,
    validatorHotkey: `5${uuid}`,
    executorClass,
    text: '{}',
    token: `${uuid}-own`,
    hardLimit: 60,
    receipt: null,
  },
  capacity,
  connectWithin: 5,
  startsAtOnce: true,
  mayWait: false,
  arrival: 0,
  decline: async () => make(DeclineJob, { job_uuid: uuid, reason: 'busy' }),
});
const held = async () =>
  (await sources[0]!.query<{ n: number }[]>('select count(*)::int as n from job where slot_held'))[0]!.n;
const accepted = (taken: Awaited<ReturnType<Slots['take']>>[]) =>
  taken.filter((one) => one?.outcome === 'accepted').length;

describe('two processes race for the last slot', () => {
  it('in 1,000 rounds there are never two winners, and never none', async () => {
    for (let round = 0; round < 1_000; round++) {
      const taken = await Promise.all(desks.map((desk) => desk.take(request(1))));
      expect(accepted(taken)).toBe(1);
      expect(await held()).toBe(1);
      await sources[0]!.query('delete from job where slot_held');
    }
  }, 120_000);

  it('200 requests at once for 7 slots and 3 warm executors get exactly 10', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await desks[0]!.takeWarm(`warm-${i}`, executorClass, 10)).toBe(true);
      sessions[0]!.join(`warm-${i}`, () => {});
    }
    const taken = await Promise.all(Array.from({ length: 200 }, (_, i) => desks[i % 2]!.take(request(10))));
    expect(accepted(taken)).toBe(10);
    expect(
      taken
        .filter((one) => one?.warm)
        .map((one) => one!.token)
        .sort(),
    ).toEqual(['warm-0', 'warm-1', 'warm-2']);
    expect(await held()).toBe(10);
    expect(await sources[0]!.query('select 1 from warm_executor')).toEqual([]);
    expect(
      await sources[0]!.query('select type, count(*)::int as n from outbox group by type order by type'),
    ).toEqual([
      { type: 'V0AcceptJobRequest', n: 10 },
      { type: 'V0DeclineJobRequest', n: 190 },
    ]);
  });

  it('a warm executor and a job never get the same last slot', async () => {
    for (let round = 0; round < 100; round++) {
      const [job, warm] = await Promise.all([
        desks[0]!.take(request(1)),
        desks[1]!.takeWarm(`warm-${round}`, executorClass, 1),
      ]);
      // The job takes the warm executor when that was first.
      expect(job!.outcome).toBe('accepted');
      expect(job!.warm).toBe(warm);
      await sources[0]!.query('delete from job');
    }
  });

  it('one job that is asked for by both is made once', async () => {
    for (let round = 0; round < 100; round++) {
      const uuid = randomUUID();
      const taken = await Promise.all([0, 1, 0, 1].map((i) => desks[i]!.take(request(10_000, uuid))));
      expect(taken.filter((one) => one !== null)).toHaveLength(1);
    }
  });
});

describe('a job', () => {
  const idle = async (token: string, isHere: boolean) => {
    await desks[0]!.takeWarm(token, executorClass, 100);
    if (isHere) sessions[0]!.join(token, () => {});
  };
  beforeEach(() => {
    for (const token of sessions[0]!.tokens()) sessions[0]!.take(token);
  });
  const take = async (capacity: number) => {
    const { token, warm } = (await desks[0]!.take(request(capacity)))!;
    return warm ? token : 'own';
  };

  it('takes a connected warm executor, then a free slot, then a warm executor on its way, then none', async () => {
    await idle('warm-coming', false);
    await idle('warm-here', true);
    expect([await take(3), await take(3), await take(3)]).toEqual(['warm-here', 'own', 'warm-coming']);
    expect((await desks[0]!.take(request(3)))!.outcome).toBe('rejected');
  });

  it('and others that come at once share them in the same order', async () => {
    await idle('warm-coming', false);
    await idle('warm-here', true);
    const all = await Promise.all([0, 1, 2, 3].map(() => desks[0]!.take(request(3))));
    expect(
      all.map((one) => (one!.outcome === 'rejected' ? 'none' : one!.warm ? one!.token : 'own')).sort(),
    ).toEqual(['none', 'own', 'warm-coming', 'warm-here']);
  });

  it('never takes a warm executor that is being stopped, which counts until it has exited', async () => {
    await idle('warm-going', true);
    await sources[0]!.query('update warm_executor set retiring = true');
    expect((await desks[0]!.take(request(1)))!.outcome).toBe('rejected');
    expect(await take(2)).toBe('own');
  });

  it('of a class that is not offered any more takes none', async () => {
    await idle('warm-here', true);
    expect((await desks[0]!.take(request(0)))!.outcome).toBe('rejected');
  });

  it('that cannot be stored is refused alone', async () => {
    const good = request(10);
    const bad = request(10);
    bad.job.hardLimit = Infinity;
    const other = request(10);
    const results = await Promise.allSettled([
      desks[0]!.take(request(10)),
      ...[good, bad, other].map((one) => desks[0]!.take(one)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(await held()).toBe(3);
  });
});
