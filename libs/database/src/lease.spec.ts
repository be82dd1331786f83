import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createLeaseTable, Database, Lease, openDatabase } from './index.ts';

class CreateLeases1795000000000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return createLeaseTable(runner);
  }

  async down(): Promise<void> {}
}

const times = { term: 15_000, pause: 50 };
let database: Database;
let ended: AbortController;

beforeEach(async () => {
  const url = await createTestDatabase();
  database = new Database(
    await openDatabase({ service: 'test', url, entities: [], migrations: [CreateLeases1795000000000] }),
  );
  ended = new AbortController();
});
afterEach(async () => {
  ended.abort();
  await database.dataSource.destroy();
});

/** A process that wants to do the work, until it is told to stop. */
function candidate() {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ended.signal]);
  const begun = Promise.withResolvers<AbortSignal>();
  const done = new Lease(database, 'work', times).hold(signal, async (held) => {
    begun.resolve(held);
    await new Promise((resolve) => held.addEventListener('abort', resolve, { once: true }));
  });
  let isWorking = false;
  void begun.promise.then(() => (isWorking = true));
  return { begun: begun.promise, done, stop: () => stop.abort(), isWorking: () => isWorking };
}

const holders = () => database.manager.query<{ holder: string }[]>('select holder from lease');

describe('a lease', () => {
  it('is held by one process at a time, and by the next as soon as that one lets it go', async () => {
    const first = candidate();
    await first.begun;
    const second = candidate();
    const [{ holder }] = (await holders()) as [{ holder: string }];
    await new Lease(database, 'other work', times).hold(ended.signal, async () => undefined);
    expect(second.isWorking()).toBe(false);
    first.stop();
    await first.done;
    await second.begun;
    expect((await holders())[0]!.holder).not.toBe(holder);
    second.stop();
    await second.done;
    expect(await holders()).toEqual([]);
  });

  it('that nobody renews is taken by another process', async () => {
    await database.manager.query(
      `insert into lease values ('work', gen_random_uuid(), now() + interval '300 ms')`,
    );
    const next = candidate();
    await next.begun;
    next.stop();
    await next.done;
  });

  it('that another process has taken ends the work', async () => {
    const { begun, done } = candidate();
    const held = await begun;
    await database.manager.query(
      `update lease set holder = gen_random_uuid(), until = now() + interval '1 hour'`,
    );
    await done;
    expect(held.aborted).toBe(true);
    expect(await holders()).toHaveLength(1);
  });

  it('is let go when the work fails, and its error is told', async () => {
    const failing = new Lease(database, 'work', times).hold(ended.signal, () =>
      Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(await holders()).toEqual([]);
  });
});
