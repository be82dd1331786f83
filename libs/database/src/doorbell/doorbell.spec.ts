import { createTestDatabase } from '@horde/testing/database';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import { because } from '@horde/testing/missing';
import { missingRedis, startRedis } from '@horde/testing/redis';
import { describe } from 'vitest';
import { Database, openDatabase, PostgresDoorbell, RedisDoorbell } from '../index.ts';
import { doorbellConformance } from '../testing/doorbell-conformance.ts';

const openTestDatabase = async (url: string) =>
  new Database(await openDatabase({ service: 'test', url, entities: [], migrations: [], poolSize: 4 }));

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
