import { createTestDatabase } from '@horde/testing/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, GatheredBell, openDatabase, PostgresDoorbell } from '../index.ts';

let database: Database;
let own: PostgresDoorbell;
let others: PostgresDoorbell;
const heard = { here: [] as string[], there: [] as string[] };

beforeAll(async () => {
  const url = await createTestDatabase();
  database = new Database(
    await openDatabase({ service: 'test', url, entities: [], migrations: [], poolSize: 1 }),
  );
  own = new PostgresDoorbell('test', url);
  others = new PostgresDoorbell('test', url);
  // A new connection rings for everything, once.
  const connected = Promise.all(
    [own, others].map((bell) => new Promise<void>((resolve) => bell.on('jobs', () => resolve()))),
  );
  await connected;
});
afterAll(async () => {
  await Promise.all([own.close(), others.close()]);
  await database.dataSource.destroy();
});

describe('rings that are gathered', () => {
  it('are heard here and elsewhere, one for each channel however often it was rung', async () => {
    const bell = new GatheredBell(database, own);
    for (const channel of ['jobs', 'images']) {
      own.on(channel, () => heard.here.push(channel));
      others.on(channel, () => heard.there.push(channel));
    }
    for (let count = 0; count < 100; count++) bell.ring('jobs');
    bell.ring('images');
    await expect.poll(() => heard).toEqual({ here: ['jobs', 'images'], there: ['jobs', 'images'] });
    bell.ring('jobs');
    await expect.poll(() => heard.there).toEqual(['jobs', 'images', 'jobs']);
  });
});
