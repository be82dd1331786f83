import { randomUUID } from 'node:crypto';
import { Database, openDatabase } from '@horde/database';
import { AcceptJob, DeclineJob, HordeFailed, JobFailed, make, Receipt, receiptText } from '@horde/protocol';
import { Keypair } from '@horde/identity';
import { createTestDatabase } from '@horde/testing/database';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { started } from '@horde/testing/receipts';
import { Blacklist } from '../blacklist/blacklist.ts';
import { Capacity } from '../capacity/capacity.ts';
import { NoCollateral } from '../collateral/no-collateral.ts';
import { databaseOptions } from '../database.ts';
import { attemptEndOf } from '../jobs/attempt-end.ts';
import { givenUp, reportOf, type Report } from '../jobs/outcome.ts';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { ReceiptQueries } from '../receipts/receipt-queries.ts';
import { Receipts } from '../receipts/receipts.ts';
import { Candidates } from '../routing/candidates.ts';
import { KnownMiners } from '../routing/known-miners.ts';
import { Scene } from '../testing/scene.ts';
import { Excuses } from './excuses.ts';
import { IncidentMetrics } from './incident-metrics.ts';
import { Incidents } from './incidents.ts';

describe('routing', () => {
  let database: Database;
  let incidents: Incidents;
  const registry = new MetricsRegistry();
  let candidates: Candidates;
  let known: KnownMiners;
  const us = Keypair.generate();
  const executor_class = 'always_on.test';

  beforeAll(async () => {
    database = new Database(await openDatabase(databaseOptions(await createTestDatabase())));
    const capacity = new Capacity(new ReceiptQueries(database), us);
    const blacklist = new Blacklist(database, null as never, { ring: () => {} } as never);
    const keys = { get: (key: keyof typeof config) => config[key] } as never;
    incidents = new Incidents(
      capacity,
      blacklist,
      new Excuses(capacity, keys, us),
      keys,
      new IncidentMetrics(registry),
    );
    candidates = new Candidates(free, keys, new NoCollateral(), {} as never);
    known = new KnownMiners(database, capacity, keys, {} as never);
  });
  beforeEach(async () => {
    config.DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS = 0;
    for (const table of ['miner_incident', 'blacklisted_miner', 'miner_manifest', 'miner'])
      await query(`delete from ${table}`);
    for (const [uid, hotkey] of ['a', 'b'].entries()) {
      await query(`insert into miner (hotkey, uid, ip, port) values ('${hotkey}', ${uid}, '192.0.2.1', 1)`);
      await query(`insert into miner_manifest values ('${hotkey}', '${executor_class}', 2)`);
    }
  });
  afterAll(() => database.dataSource.destroy());

  /** Nothing has to be paid for. */
  const free = {
    isRequired: false,
    accounts: () => new Map(),
    reserve: async () => null,
  } as never;
  const config = {
    DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS: 24,
    DYNAMIC_ROUTING_RELIABILITY_SOFT_CUTOFF: -50,
    DYNAMIC_ROUTING_RELIABILITY_SEPARATION: 5,
    DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI: 10n ** 16n,
    DYNAMIC_MINIMUM_VALIDATOR_STAKE_FOR_EXCUSE: 30_000,
    DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS: 0,
  };
  const query = <T>(sql: string) => database.manager.query<T[]>(sql);
  const chances = async () => {
    const miners = await known.now(database.manager, executor_class);
    const all = await candidates.of(miners, executor_class, 1, () => true);
    return Object.fromEntries(all.map(({ hotkey, chance }) => [hotkey, chance]));
  };
  const end = (miner_hotkey: string, report: Report, uuid: string = randomUUID()) =>
    database.transaction((tx) =>
      incidents.attemptEnded(
        tx,
        { uuid, miner_hotkey },
        executor_class,
        attemptEndOf(report).outcome,
        report,
      ),
    );
  const timedOut = () => givenUp('executor_readiness_response_timed_out', 'x');

  it('is not changed by 1,000 jobs with exit code 1', async () => {
    for (let i = 0; i < 1_000; i++) {
      const job_uuid = randomUUID();
      const failed = make(JobFailed, {
        job_uuid,
        message: 'exit code 1',
        reason: 'nonzero_return_code',
        docker_process_exit_status: 1,
      });
      await end('a', reportOf(failed)!, job_uuid);
    }
    expect(await chances()).toEqual({ a: 0.5, b: 0.5 });
    expect(await query('select * from miner_incident')).toEqual([]);
  });

  it('turns away from a miner that lets jobs down, for as long as its incidents count, in their class alone', async () => {
    for (let i = 0; i < 60; i++) await end('a', timedOut());
    // 60 incidents on 2 executors: a reliability of -30.
    const { a, b } = await chances();
    expect(a! / b!).toBeCloseTo(0.2689 / 0.9933, 3);
    await query(`update miner_incident set at = now() - interval '25 hours'`);
    expect(await chances()).toEqual({ a: 0.5, b: 0.5 });
    await query(`update miner_incident set at = now(), executor_class = 'always_on.llm.a6000'`);
    expect(await chances()).toEqual({ a: 0.5, b: 0.5 });
  });

  it('has no miner on the blacklist for jobs with exit code 1, only for those that it let down', async () => {
    config.DYNAMIC_JOB_FAILURE_BLACKLIST_TIME_SECONDS = 60;
    await end('a', reportOf(make(JobFailed, { job_uuid: randomUUID(), reason: 'nonzero_return_code' }))!);
    expect(await chances()).toEqual({ a: 0.5, b: 0.5 });
    await end('a', timedOut());
    expect(await chances()).toEqual({ a: 0, b: 1 });
    await query(`update blacklisted_miner set expires_at = now()`);
    expect((await chances())['a']).toBeGreaterThan(0);
  });

  it('counts one incident of a job at a miner, however often it is told', async () => {
    const job_uuid = randomUUID();
    const failed = make(HordeFailed, {
      job_uuid,
      reported_by: 'miner',
      reason: 'executor_spinup_failed',
      message: 'x',
    });
    for (const _again of [1, 2]) await end('a', reportOf(failed)!, job_uuid);
    expect(await query('select hotkey, kind from miner_incident')).toEqual([
      { hotkey: 'a', kind: 'horde_failed' },
    ]);
    expect(await registry.metrics()).toContain(
      'validator_miner_incident_reported_total{incident_type="MINER_HORDE_FAILED",miner_hotkey="a",executor_class="always_on.test"}',
    );
  });

  it('counts one refusal of a job by a miner that is asked for it again and again, and what comes after it', async () => {
    const names = [1, 2, 3, 4].map(() => randomUUID());
    await query(
      `with job as (
         insert into job (uuid, request, executor_class, status)
         values (gen_random_uuid(), '', '${executor_class}', 'received') returning uuid
       )
       insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at)
       select job.uuid, number, name, case when number = 2 then 'b' else 'a' end, '192.0.2.1', 1, now(), now()
       from job, unnest('{${names.join(',')}}'::uuid[]) with ordinality as attempts (name, number)`,
    );
    const absent = givenUp('miner_connection_failed', 'x');
    const [first, elsewhere, again, last] = names;
    await end('a', absent, first);
    await end('b', absent, elsewhere);
    await end('a', absent, again);
    await end('a', timedOut(), last);
    expect(await query('select hotkey, kind, job_uuid from miner_incident order by at')).toEqual([
      { hotkey: 'a', kind: 'unreachable', job_uuid: first },
      { hotkey: 'b', kind: 'unreachable', job_uuid: elsewhere },
      { hotkey: 'a', kind: 'timed_out', job_uuid: last },
    ]);
  });

  it('holds it against a miner that it is busy, but only where there was room for the job', async () => {
    const declined = (job_uuid: string) => reportOf(make(DeclineJob, { job_uuid, reason: 'busy' }))!;
    for (const [outcome, ended] of [
      ['null', 'null'],
      [`'completed'`, `now() - interval '3 seconds'`],
    ])
      await query(
        `with job as (
           insert into job (uuid, request, executor_class, status)
           values (gen_random_uuid(), '', '${executor_class}', 'accepted') returning uuid
         )
         insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, outcome, ended_at)
         select uuid, 1, uuid, 'a', '192.0.2.1', 1, now(), ${outcome}, ${ended} from job`,
      );
    await end('a', declined(randomUUID()));
    expect(await query('select * from miner_incident')).toEqual([]);
    await query(`update attempt set ended_at = now() - interval '11 seconds' where ended_at is not null`);
    await end('a', declined(randomUUID()));
    expect(await query('select kind from miner_incident')).toEqual([{ kind: 'declined' }]);
  });

  it('does not hold it against a miner that shows whose jobs keep it busy', async () => {
    const other = Keypair.generate();
    await query(`insert into known_validator (hotkey, stake) values ('${other.address}', 30000)`);
    const miner = { address: 'a' } as Keypair;
    const asked = started({ validator: us, miner });
    await database.transaction(async (tx) => new Receipts(database, us).issue(tx, asked));
    const receipts = [1, 2].map(() => {
      const payload = started({ validator: other, miner, at: Date.now() - 1_000 });
      const validator_signature = other.signHex(receiptText(payload));
      return make(Receipt, { payload, validator_signature, miner_signature: '0x' });
    });
    const { job_uuid } = asked;
    const declined = (shown: Receipt[]) =>
      reportOf(make(DeclineJob, { job_uuid, reason: 'busy', receipts: shown }))!;
    await end('a', declined(receipts), job_uuid);
    expect(await query('select * from miner_incident')).toEqual([]);
    await end('a', declined(receipts.slice(1)), job_uuid);
    expect(await query('select kind from miner_incident')).toEqual([{ kind: 'declined' }]);
  });
});

describe('a run of a job', () => {
  const scene = new Scene();
  const kinds = async () => {
    const rows = await scene.place.query<{ kind: string }>('select kind from miner_incident order by at');
    return rows.map(({ kind }) => kind);
  };

  it('notes what was the miner’s doing, with its end, and nothing else', async () => {
    await scene.start({ DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '0' });
    scene.miner.script = wholeJob;
    await scene.facilitator.update(await scene.send(), 'completed');
    const accept = { onInitial: wholeJob.onInitial };
    scene.miner.script = {
      ...accept,
      onJob: ({ job_uuid }, connection) =>
        send(connection, make(JobFailed, { job_uuid, reason: 'nonzero_return_code' })),
    };
    await scene.facilitator.update(await scene.send(), 'failed');
    expect(await kinds()).toEqual([]);
    scene.miner.script = {
      ...accept,
      onJob: ({ job_uuid }, connection) =>
        send(
          connection,
          make(HordeFailed, {
            job_uuid,
            reported_by: 'executor',
            reason: 'executor_disconnected',
            message: 'gone',
          }),
        ),
    };
    await scene.facilitator.update(await scene.send(), 'horde_failed');
    expect(await kinds()).toEqual(['horde_failed']);
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) => send(connection, make(AcceptJob, { job_uuid })),
    };
    await scene.facilitator.update(await scene.send(), 'failed');
    expect(await kinds()).toEqual(['horde_failed', 'timed_out']);
  });

  it('does not blame a miner for what may have been said while no validator ran', async () => {
    await scene.place.query('delete from miner_incident');
    const first = await scene.start({ DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '0' });
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) => send(connection, make(AcceptJob, { job_uuid })),
    };
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'accepted');
    await first.close();
    await scene.start({ DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '0' });
    const { metadata } = await scene.facilitator.update(uuid, 'failed', 20_000);
    expect(metadata!.horde_failure_details!.reason).toBe('executor_readiness_response_timed_out');
    expect(await kinds()).toEqual([]);
  });
});
