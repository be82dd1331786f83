import { createTestDatabase } from '@horde/testing/database';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database, isOutage, openDatabase } from './index.ts';

let proxy: FaultProxy;
let database: Database;
beforeEach(async () => {
  const url = new URL(await createTestDatabase());
  proxy = await openFaultProxy(Number(url.port));
  const throughProxy = Object.assign(new URL(url), { port: proxy.port }).href;
  database = new Database(
    await openDatabase({ service: 'test', url: throughProxy, entities: [], migrations: [], poolSize: 1 }),
  );
});
afterEach(async () => {
  proxy.close();
  await database.dataSource.destroy();
});

describe('a server that vanishes without a word', () => {
  it('costs a statement seconds, and the next one is asked over another connection', async () => {
    proxy.blackhole();
    const lost = await database.manager.query('select 1').catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(Error);
    expect(isOutage(lost)).toBe(true);
    expect(await database.manager.query('select 2 as answer')).toEqual([{ answer: 2 }]);
  }, 60_000);

  it('costs a transaction seconds', async () => {
    const lost = await database
      .transaction(async (tx) => {
        await tx.manager.query('select 1');
        proxy.blackhole();
        await tx.manager.query('select 2');
      })
      .catch((error: unknown) => error);
    expect(isOutage(lost)).toBe(true);
    expect(await database.manager.query('select 3 as answer')).toEqual([{ answer: 3 }]);
  }, 60_000);
});

describe('a statement of a service', () => {
  it('that takes too long is given up by the server, and is no outage', async () => {
    const error = await database.manager.query('select pg_sleep(60)').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: '57014' });
    expect(isOutage(error)).toBe(false);
    expect(await database.manager.query('select 1 as answer')).toEqual([{ answer: 1 }]);
  }, 60_000);
});
