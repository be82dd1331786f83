import { createTestDatabase } from '@horde/testing/database';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import { describe, it, type TestContext } from 'vitest';
import { Database, isOutage, openDatabase } from './index.ts';

/** A database of one connection, behind a proxy: of one test alone, for all of them wait side by side. */
async function behindProxy({ onTestFinished }: TestContext) {
  const url = new URL(await createTestDatabase());
  const proxy = await openFaultProxy(Number(url.port));
  const throughProxy = Object.assign(new URL(url), { port: proxy.port }).href;
  const database = new Database(
    await openDatabase({ service: 'test', url: throughProxy, entities: [], migrations: [], poolSize: 1 }),
  );
  onTestFinished(async () => {
    proxy.close();
    await database.dataSource.destroy();
  });
  return { proxy, database };
}

describe.concurrent('a server that vanishes without a word', { timeout: 60_000 }, () => {
  it('costs a statement seconds, and the next one is asked over another connection', async (test) => {
    const { expect } = test;
    const { proxy, database } = await behindProxy(test);
    proxy.blackhole();
    const lost = await database.manager.query('select 1').catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(Error);
    expect(isOutage(lost)).toBe(true);
    expect(await database.manager.query('select 2 as answer')).toEqual([{ answer: 2 }]);
  });

  it('costs a transaction seconds', async (test) => {
    const { expect } = test;
    const { proxy, database } = await behindProxy(test);
    const lost = await database
      .transaction(async (tx) => {
        await tx.manager.query('select 1');
        proxy.blackhole();
        await tx.manager.query('select 2');
      })
      .catch((error: unknown) => error);
    expect(isOutage(lost)).toBe(true);
    expect(await database.manager.query('select 3 as answer')).toEqual([{ answer: 3 }]);
  });
});

describe.concurrent('a statement of a service', { timeout: 60_000 }, () => {
  it('that takes too long is given up by the server, and is no outage', async (test) => {
    const { expect } = test;
    const { database } = await behindProxy(test);
    const error = await database.manager.query('select pg_sleep(60)').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: '57014' });
    expect(isOutage(error)).toBe(false);
    expect(await database.manager.query('select 1 as answer')).toEqual([{ answer: 1 }]);
  });
});
