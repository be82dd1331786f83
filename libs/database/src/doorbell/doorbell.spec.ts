import { createTestDatabase } from '@horde/testing/database';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import { because } from '@horde/testing/missing';
import { missingRedis, startRedis } from '@horde/testing/redis';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { Database, openDatabase, PostgresDoorbell, RedisDoorbell } from '../index.ts';
import { doorbellConformance } from '../testing/doorbell-conformance.ts';

const openTestDatabase = async (url: string) =>
  new Database(await openDatabase({ service: 'test', url, entities: [], migrations: [], poolSize: 4 }));

describe('a process that is the only one of its service', () => {
  it('notifies nobody, and one that comes then looks at everything once the first has heard of it', async () => {
    const url = await createTestDatabase();
    const database = await openTestDatabase(url);
    const [one, other] = [new PostgresDoorbell('test', url, 0), new PostgresDoorbell('test', url)];
    const ring = (payload: string) => database.transaction(async (tx) => one.ring(tx, 'jobs', payload));
    const listener = new pg.Client(url);
    await listener.connect();
    const notified: string[] = [];
    listener.on('notification', ({ payload = '' }) => notified.push(payload.slice(payload.indexOf(' ') + 1)));
    await listener.query('listen horde_test');
    const heard = { one: [] as (string | null)[], other: [] as (string | null)[] };
    one.on('jobs', (payload) => heard.one.push(payload));
    await expect.poll(() => notified).toEqual(['here ']);
    await ring('a');
    expect(heard.one).toEqual([null, 'a']);
    other.on('jobs', (payload) => heard.other.push(payload));
    await expect.poll(() => heard.other).toEqual([null, null]);
    expect(notified).toEqual(['here ', 'here ', 'here was alone']);
    await Promise.all([one.close(), other.close(), listener.end()]);
    await database.dataSource.destroy();
  });
});

doorbellConformance('Postgres', async () => {
  const url = await createTestDatabase();
  const proxy = await openFaultProxy(Number(new URL(url).port));
  const throughProxy = Object.assign(new URL(url), { port: proxy.port }).href;
  const database = await openTestDatabase(url);
  return {
    database,
    proxy,
    open: (service) => new PostgresDoorbell(service, throughProxy),
    close: async () => {
      proxy.close();
      await database.dataSource.destroy();
    },
  };
});

describe.skipIf(missingRedis !== null)(`with a real Redis${because(missingRedis)}`, () => {
  doorbellConformance('Redis', async () => {
    const redis = await startRedis();
    const proxy = await openFaultProxy(redis.url);
    const database = await openTestDatabase(await createTestDatabase());
    return {
      database,
      proxy,
      open: (service) => new RedisDoorbell(service, `redis://127.0.0.1:${proxy.port}`),
      close: async () => {
        proxy.close();
        await database.dataSource.destroy();
        await redis.stop();
      },
    };
  });
});
