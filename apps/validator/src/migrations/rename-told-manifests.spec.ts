import { openDatabase } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import { expect, it } from 'vitest';
import { databaseOptions } from '../database.ts';
import { RenameToldManifests1795000000056 } from './rename-told-manifests.ts';

it('what miners sent over connections to an older version still counts', async () => {
  const options = databaseOptions(await createTestDatabase());
  const { migrations } = options;
  const before = migrations.slice(0, migrations.indexOf(RenameToldManifests1795000000056));
  const old = await openDatabase({ ...options, migrations: before });
  await old.query(`insert into miner (hotkey, uid) values ('m', 1)`);
  await old.query(`insert into told_manifest (hotkey, counts) values ('m', '{"always_on.test": 3}')`);
  await old.destroy();

  const now = await openDatabase(options);
  expect(await now.query('select * from miner_offer')).toEqual([
    { hotkey: 'm', executor_class: 'always_on.test', count: 3 },
  ]);
  expect(await now.query('select hotkey, received_at from connection_manifest')).toEqual([
    { hotkey: 'm', received_at: expect.any(Date) as Date },
  ]);
  await now.destroy();
});
