import { openDatabase } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { databaseOptions } from '../migrations/database-options.ts';

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Its table's columns, as its public migrations make them. */
const columns =
  `id job_uuid executor_token status initial_job_details full_job_details exit_status stdout stderr error_type error_detail
  result_reported_to_validator time_took score created_at updated_at validator_id executor_address artifacts
  upload_results`.split(/\s+/);

it('jobs are found in psql by ComputeHorde’s name, with its columns and its statuses', async () => {
  const client = await connected(await createTestDatabase(databaseOptions));
  const add = (number: number, status: string, connected_at: string | null, request: string | null) =>
    client.query(
      `insert into miner.job (uuid, validator_hotkey, executor_class, status, initial_request, job_request, executor_token,
         slot_held, connected_at, deadline, accepted_at, ended_at)
       values ($1, '5F', 'always_on.test', $2::text, $5, $4, gen_random_uuid(), false, $3, now(), '2026-01-01T00:00:00Z'::timestamptz + $6::int * interval '1 hour',
         case when $2::text in ('completed', 'failed', 'rejected') then '2026-01-02T00:00:00Z'::timestamptz end)`,
      [
        `00000000-0000-4000-8000-00000000000${number}`,
        status,
        connected_at,
        request,
        status === 'rejected' ? '' : '{"text": "\\u0000"}',
        number,
      ],
    );
  const at = '2026-01-01T12:00:00Z';
  await add(1, 'accepted', null, null);
  await add(2, 'executor_ready', at, null);
  await add(3, 'volumes_ready', at, '{}');
  await add(4, 'completed', at, '{"a": 1}');
  await add(5, 'failed', at, '{}');
  await add(6, 'rejected', null, null);
  await client.query(
    `insert into miner.job_result (job_uuid, stdout, stderr, exit_status) values ('00000000-0000-4000-8000-000000000004', 'out', 'err', 3)`,
  );
  await client.query(
    `insert into miner.job_event (job_uuid, status, reason, message)
     values ('00000000-0000-4000-8000-000000000005', 'failed', 'timeout', 'It took too long.')`,
  );

  const { rows, fields } = await client.query('select * from miner_acceptedjob order by id desc');
  expect(fields.map(({ name }) => name).toSorted()).toEqual(columns.toSorted());
  expect(rows.map(({ status }: { status: string }) => status)).toEqual([
    'REJECTED',
    'FAILED',
    'FINISHED',
    'RUNNING',
    'WAITING_FOR_PAYLOAD',
    'WAITING_FOR_EXECUTOR',
  ]);
  expect(rows[1]).toMatchObject({ id: '5', error_type: 'timeout', error_detail: 'It took too long.' });
  expect(rows[2]).toMatchObject({
    job_uuid: '00000000-0000-4000-8000-000000000004',
    full_job_details: { a: 1 },
    stdout: 'out',
    exit_status: '3',
    validator_id: '5F',
    error_type: null,
    time_took: { hours: 20 },
  });
});

it('a table of that name, ComputeHorde’s own, stays as it is', async () => {
  const url = await createTestDatabase();
  const client = await connected(url);
  await client.query('create table public.miner_acceptedjob (id bigint)');
  await (await openDatabase(databaseOptions(url))).destroy();
  const { fields } = await client.query('select * from miner_acceptedjob');
  expect(fields.map(({ name }) => name)).toEqual(['id']);
});
