import { randomUUID } from 'node:crypto';
import type { Database } from '@horde/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '../testing/open-test-database.ts';
import { WaitingJobs } from './waiting-jobs.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.dataSource.destroy());

const wait = (wanted: string, uuids: string[]) =>
  database.manager.query(
    `insert into job (uuid, request, executor_class, status, signatory, wanted, waits_since, waits_until, look_at)
     select uuid, '{}', 'always_on.test', 'received', 'signatory ' || number % 20, $2, now(), until, until
     from unnest($1::uuid[]) with ordinality as job (uuid, number), (select now() + interval '1 hour' as until) wait`,
    [uuids, wanted],
  );

it('the job whose turn it is is found among ten thousand that want what nobody has', async () => {
  // What the database knows of its tables is from a time when nobody waited.
  await database.manager.query(
    `insert into job (uuid, request, executor_class, status, signatory, started_at, ended_at)
     select gen_random_uuid(), '{}', 'always_on.test', 'completed', 'signatory ' || number % 20, now(), now()
     from generate_series(1, 3000) number`,
  );
  await database.manager.query('analyze job');
  await wait(
    '{"scarce":true}',
    Array.from({ length: 10_000 }, () => randomUUID()),
  );
  const uuid = randomUUID();
  await wait('{}', [uuid]);
  for (let i = 0; i < 10; i++) {
    const next = await database.transaction((tx) =>
      new WaitingJobs(database).next(tx, [], ['{"scarce":true}']),
    );
    expect(next?.uuid).toBe(uuid);
  }
});
