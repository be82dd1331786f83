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

it('a job that is looked at for a last time after its limit waits, at most, until then; and is due then', async () => {
  const uuid = randomUUID();
  await wait('{"odd":true}', [uuid]);
  const jobs = new WaitingJobs(database);
  const set = (columns: string) =>
    database.manager.query(`update job set ${columns} where uuid = $1`, [uuid]);
  await set(`waits_until = now() - interval '1 s', look_at = now() - interval '1 s'`);
  const lookAt = new Date(Date.now() + 10_000);
  await database.transaction((tx) => jobs.wait(tx, uuid, 'None offers it.', lookAt));
  expect(await database.manager.query('select waits_until from job where uuid = $1', [uuid])).toEqual([
    { waits_until: lookAt },
  ]);
  const due = () =>
    database.transaction((tx) => jobs.next(tx, [], ['{"odd":true}', '{"scarce":true}', '{}']));
  expect(await due()).toBeNull();
  await set('look_at = now()');
  expect((await due())?.uuid).toBe(uuid);
});

it('a job is found while something is being stored about it: its output is asked for, a frame kept', async () => {
  await database.manager.query('delete from job');
  const uuid = randomUUID();
  await wait('{}', [uuid]);
  await database.transaction(async (asked) => {
    await asked.manager.query(`insert into job_output (job_uuid, stream) values ($1, 'stdout')`, [uuid]);
    const next = await database.transaction((tx) => new WaitingJobs(database).next(tx, [], []));
    expect(next?.uuid).toBe(uuid);
  });
});
