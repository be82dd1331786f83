import type { Database } from '@horde/database';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../testing/open-test-database.ts';
import { OldRecords } from './old-records.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.dataSource.destroy());

const query = <T>(sql: string) => database.manager.query<T[]>(sql);

describe('what the validator keeps', () => {
  it('is two days of ended jobs, with all that belongs to them, and every job that has not ended', async () => {
    await query(
      `insert into job (uuid, request, executor_class, status, received_at, ended_at)
       select md5(number::text)::uuid, 'old', 'always_on.test', 'completed', now() - interval '4 days',
              now() - interval '3 days' from generate_series(1, 1200) number`,
    );
    await query(
      `insert into job (uuid, request, executor_class, status, received_at, ended_at) values
       (gen_random_uuid(), 'running', 'always_on.test', 'accepted', now() - interval '4 days', null),
       (gen_random_uuid(), 'recent', 'always_on.test', 'completed', now(), now())`,
    );
    await query(
      `insert into job_event (job_uuid, status, metadata) select uuid, 'completed', 'result' from job`,
    );
    // The first attempt is called as its job, the second by a name of its own.
    await query(
      `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at)
       select uuid, number, case when number = 1 then uuid else gen_random_uuid() end, 'm', '192.0.2.1', 1, received_at,
              case when number = 1 then now() end
       from job, generate_series(1, 2) number`,
    );
    await query(
      `insert into outbox (peer, subject, type, frame) select 'miner m', uuid::text, 'x', '{}' from attempt
       where number = 2`,
    );
    await query(
      `insert into outbox (peer, subject, type, frame) select 'facilitator', uuid::text, 'x', '{}' from job`,
    );
    await query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature,
         timestamp, created_at)
       select uuid, 'JobFinishedReceipt', 'v', 'm', '{}', 's', received_at, received_at from job`,
    );
    await query(
      `insert into system_event (type, subtype, description, data, at)
       select 'JOB_ROUTING', request, 'x', '{}', received_at from job`,
    );
    await query(
      `insert into miner_incident (hotkey, job_uuid, executor_class, kind, at) select days::text, uuid, 'c', 'declined',
         now() - make_interval(days => days) from job, (values (3), (29), (31)) as old (days) where request = 'recent'`,
    );
    await new OldRecords(database, pino({ level: 'silent' })).remove();
    const kept = [{ request: 'recent' }, { request: 'running' }];
    expect(await query('select request from job order by 1')).toEqual(kept);
    expect(await query(`select subtype as request from system_event`)).toEqual([{ request: 'recent' }]);
    for (const table of ['job_event', 'receipt'])
      expect(await query(`select request from ${table} left join job on uuid = job_uuid order by 1`)).toEqual(
        kept,
      );
    expect(
      await query(
        `select request from outbox left join attempt on attempt.uuid::text = subject
         left join job on job.uuid = job_uuid order by 1`,
      ),
    ).toEqual(kept.flatMap((row) => [row, row]));
    expect(await query('select hotkey from miner_incident order by 1')).toEqual([
      { hotkey: '29' },
      { hotkey: '3' },
    ]);
  });

  it('are receipts of all validators while their cycle can be scored: the fault of keeping less than that looks back to', async () => {
    // The last who score a cycle look back 2,494 blocks of 12 s.
    await query('truncate receipt');
    await query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature,
         timestamp, created_at)
       select gen_random_uuid(), 'JobFinishedReceipt', age, 'm', '{}', 's', now() - age::interval, now() - age::interval
       from unnest(array[(2494 * 12)::text || ' s', '49 hours']) age`,
    );
    await new OldRecords(database, pino({ level: 'silent' })).remove();
    expect(await query('select validator_hotkey as age from receipt')).toEqual([{ age: '29928 s' }]);
  });

  it('is no miner that has left the chain and whose offers are taken back', async () => {
    await query(`insert into miner (hotkey, uid, ip, port) values ('here', 1, '192.0.2.1', 1)`);
    await query(`insert into miner (hotkey, uid) values ('asked', 2), ('offering', 3), ('gone', 4)`);
    await query(`insert into miner_answer (hotkey, answered_at) values ('asked', now())`);
    await query(`insert into miner_manifest values ('offering', 'always_on.test', 1)`);
    await new OldRecords(database, pino({ level: 'silent' })).remove();
    expect(await query('select hotkey from miner order by uid')).toEqual([
      { hotkey: 'here' },
      { hotkey: 'asked' },
      { hotkey: 'offering' },
    ]);
  });

  it('is found without reading all jobs when claims are renewed', async () => {
    const plan = await database.transaction(async ({ manager }) => {
      await manager.query('set local enable_seqscan = off');
      return manager.query<unknown[]>(
        `explain update job set lease_until = now() where driver = any (array[gen_random_uuid()])`,
      );
    });
    expect(JSON.stringify(plan)).toContain('job_driver');
  });
});

/** What ends the rows of each table. A table that is new is not here yet: say what ends its rows, and prove it. */
const endings: Record<string, string> = {
  acme_certificate: 'there is one for each list of names',
  acme_challenge: 'with the order of its certificate',
  alert: 'there is one for each condition',
  allowance_block: 'with the blocks that scoring looks back to',
  attempt: 'with its job',
  audit_entry: 'it is the record of what operators changed',
  blacklisted_miner: 'two days after it has expired',
  booking: 'with the blocks that scoring looks back to',
  cheat_report: 'after thirty days',
  connection_manifest: 'with its miner',
  cycle_weights: 'after thirty days',
  dynamic_config: 'there is one for each setting and source',
  dynamic_config_change: 'when a thousand newer ones are there',
  hotkey_login: 'when its login is over',
  job: 'two days after its end',
  job_event: 'with its job',
  job_frame: 'with its job',
  job_output: 'with its job',
  job_output_part: 'with its job',
  known_validator: 'two days after it could validate last',
  last_done: 'there is one for each kind of work',
  lease: 'there is one for each kind of work',
  login_delay: 'when its address may log in at once again',
  main_hotkey: 'after thirty days',
  manifest_change: 'with the blocks that scoring looks back to',
  migrations: 'there is one for each migration',
  miner: 'when it has left the chain and its offers are taken back',
  miner_answer: 'after two silences',
  miner_incident: 'after thirty days',
  miner_manifest: 'with its miner, or its offer',
  needed_migration: 'few releases make one',
  operator: 'a command removes it',
  operator_session: 'when it is over',
  outbox: 'with its job, or a day after it was put there for a miner',
  receipt: 'after two days',
  receipt_page: 'when it is too old to be read',
  routing_decision: 'with its job',
  shield_certificate: 'when another one is made more than a day later',
  slashing: 'after thirty days',
  stake_snapshot: 'with its blocks',
  system_event: 'after two days',
  taken_over: 'it would be taken again',
  trace_cursor: 'there is one',
  whitelisted_hotkey: 'the operator writes it',
};

it('every table is known to end: the fault that some grew for ever', async () => {
  const tables = await query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'validator' and table_type = 'BASE TABLE' and table_name not like 'bullmq%' order by 1`,
  );
  expect(tables.map(({ name }) => name)).toEqual(Object.keys(endings));
});
