import { openDatabase } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import { expect, it } from 'vitest';
import { databaseOptions } from '../database.ts';
import { CreateAttempts1795000000040 } from './create-attempts.ts';

it('jobs that a version without attempts left running keep their miner, their deadline and their place', async () => {
  const options = databaseOptions(await createTestDatabase());
  const { migrations } = options;
  const before = migrations.slice(0, migrations.indexOf(CreateAttempts1795000000040));
  const old = await openDatabase({ ...options, migrations: before });
  await old.query(
    `insert into job (uuid, request, executor_class, status, ended_at, miner_hotkey, miner_ip, miner_port, started_at,
                      deadline, miner_number)
     select md5(status)::uuid, '{}', 'always_on.test', status, case when ended then now() end, hotkey, '203.0.113.1', 8000,
            '2026-01-02T03:04:05Z', case when not ended then '2026-01-02T03:04:12Z'::timestamptz end, 7
     from (values ('accepted', false, 'm'), ('rejected', true, 'm'), ('completed', true, 'm'), ('received', false, null))
          as job (status, ended, hotkey)`,
  );
  await old.destroy();

  const now = await openDatabase(options);
  const rows: unknown = await now.query(
    `select status, number, attempt.uuid = job.uuid as named, miner_hotkey, miner_port,
            extract(epoch from deadline - attempt.started_at)::int as seconds, miner_number::int, outcome,
            attempt.ended_at is not null as ended
     from job left join attempt on job_uuid = job.uuid order by status`,
  );
  const attempt = { number: 1, named: true, miner_hotkey: 'm', miner_port: 8000, miner_number: 7 };
  const none = { number: null, named: null, miner_hotkey: null, miner_port: null, miner_number: null };
  expect(rows).toEqual([
    { status: 'accepted', ...attempt, seconds: 7, outcome: null, ended: false },
    { status: 'completed', ...attempt, seconds: null, outcome: 'completed', ended: true },
    { status: 'received', ...none, seconds: null, outcome: null, ended: false },
    { status: 'rejected', ...attempt, seconds: null, outcome: 'declined', ended: true },
  ]);
  await now.destroy();
});
