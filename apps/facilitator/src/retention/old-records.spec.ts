import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { OldRecords } from './old-records.ts';

let facilitator: RunningFacilitator;
const query = <T>(sql: string, ...values: unknown[]) => facilitator.database.manager.query<T[]>(sql, values);
beforeAll(async () => {
  facilitator = await startFacilitator([], { machineRetention: 10 }, { hasSchedules: false });
});
afterAll(() => facilitator.stop());

it('what is older than the settings say is removed, and with it what nothing else needs', async () => {
  await query(`insert into miner (hotkey, active, ip, port, missed_since) values
    ('here', true, '', 1, null), ('gone', false, '', 1, now() - interval '31 days'),
    ('left', false, '', 1, now() - interval '29 days')`);
  await query(`insert into miner_version (miner_hotkey, version, runner_version, created_at)
    select hotkey, version, '', now() - age::interval from (values
      ('here', 'older', '40 days'), ('here', 'last', '31 days'), ('left', '1', '31 days'), ('left', '2', '29 days'),
      ('gone', '1', '50 days')) as told (hotkey, version, age)`);
  await query(`insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload,
      validator_signature, miner_signature, timestamp)
    select gen_random_uuid(), '', '', '', '', '', '', now() - number * interval '1 day'
    from generate_series(1, 1500) number`);
  await query(`insert into machine_specs (content, specs, created_at)
    select decode(name, 'escape'), '{}', now() - interval '1 year' from unnest(array['old', 'both', 'none']) name`);
  await query(`insert into machine_gpu (specs_id, model, count) select id, 'A', 1 from machine_specs`);
  await query(`insert into machine_snapshot (specs_id, batch_id, miner_hotkey, validator_hotkey, measured_at)
    select id, age, '', '', now() - age::interval
    from machine_specs join (values ('old', '11 days'), ('both', '11 days'), ('both', '9 days')) as seen (name, age)
      on content = decode(name, 'escape')`);

  await query(`insert into validator (hotkey, active, pinned, last_seen, created_at)
    select name, is_active, is_pinned, now() - seen::interval, now() - interval '1 year' from (values
      ('gone', false, false, '31 days'), ('never seen', false, false, null), ('just gone', false, false, '29 days'),
      ('active', true, false, '31 days'), ('pinned', false, true, '31 days'), ('has a job', false, false, '31 days')
    ) as known (name, is_active, is_pinned, seen)`);
  await storeJobs(query, { hotkey: 'user', validator: 'has a job', count: 1 });
  await query(`update validator set active = false where hotkey = 'has a job'`);

  const records = facilitator.app.get(OldRecords);
  expect(await records.remove()).toEqual({ jobs: 0, receipts: 1494, versions: 2, snapshots: 2 });
  expect(await query('select hotkey from miner order by 1')).toEqual([
    { hotkey: 'here' },
    { hotkey: 'left' },
  ]);
  expect(
    (await query<{ hotkey: string }>('select hotkey from validator order by 1')).map(({ hotkey }) => hotkey),
  ).toEqual(['active', 'has a job', 'just gone', 'pinned']);
  expect(await query('select version from miner_version order by id')).toEqual([
    { version: 'last' },
    { version: '2' },
  ]);
  expect(await query(`select encode(content, 'escape') as name from machine_specs`)).toEqual([
    { name: 'both' },
  ]);
  expect(await query('select from machine_gpu')).toHaveLength(1);
  expect(await records.remove()).toEqual({ jobs: 0, receipts: 0, versions: 0, snapshots: 0 });
});
