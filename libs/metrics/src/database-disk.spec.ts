import { Database, openDatabase } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import { expect, it, onTestFinished } from 'vitest';
import { databaseDisk } from './database-disk.ts';

async function open(url: string): Promise<Database> {
  const database = new Database(await openDatabase({ service: 'pump', url, entities: [], migrations: [] }));
  onTestFinished(() => database.dataSource.destroy());
  return database;
}

it('the disk of a Postgres on this machine is known, where it tells its user where its files are', async () => {
  const { manager } = await open(await createTestDatabase());
  expect(await databaseDisk(manager)).toBeGreaterThan(0);
  expect(await databaseDisk(manager)).toBeLessThanOrEqual(1);
  await manager.transaction(async (tx) => {
    await tx.query('create role untold');
    await tx.query('set local role untold');
    expect(await databaseDisk(tx)).toBeNull();
    await tx.query('reset role');
    await tx.query('drop role untold');
  });
});
