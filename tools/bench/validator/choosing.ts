/** Choosing a miner for a job: the search, the booking, and what is stored with it. */
import { randomUUID } from 'node:crypto';
import { GatheredBell, Outbox, type Database, type Doorbell } from '@horde/database';
import { Keypair } from '@horde/identity';
import { executorClasses, make, NewJob, type ExecutorClass } from '@horde/protocol';
import { pino } from 'pino';
import { AllowanceMetrics } from '../../../apps/validator/src/allowance/allowance-metrics.ts';
import { AllowanceView } from '../../../apps/validator/src/allowance/allowance-view.ts';
import { Allowance } from '../../../apps/validator/src/allowance/allowance.ts';
import { AllowanceHistory } from '../../../apps/validator/src/allowance/history.ts';
import { Capacity } from '../../../apps/validator/src/capacity/capacity.ts';
import { NoCollateral } from '../../../apps/validator/src/collateral/no-collateral.ts';
import { ValidatorConfig } from '../../../apps/validator/src/dynamic-config/validator-config.ts';
import { SystemEvents } from '../../../apps/validator/src/events/system-events.ts';
import { writeWanted } from '../../../apps/validator/src/jobs/wanted.ts';
import { Receipts } from '../../../apps/validator/src/receipts/receipts.ts';
import { ReceiptQueries } from '../../../apps/validator/src/receipts/receipt-queries.ts';
import { Candidates } from '../../../apps/validator/src/routing/candidates.ts';
import { KnownMiners } from '../../../apps/validator/src/routing/known-miners.ts';
import { Decisions } from '../../../apps/validator/src/routing/decisions.ts';
import { FreshLook } from '../../../apps/validator/src/driver/fresh-look.ts';
import { NextMiner } from '../../../apps/validator/src/driver/next-miner.ts';
import { Attempts } from '../../../apps/validator/src/jobs/attempts.ts';
import { JobBell } from '../../../apps/validator/src/jobs/job-bell.ts';
import { Jobs } from '../../../apps/validator/src/jobs/jobs.ts';
import { StatusUpdates } from '../../../apps/validator/src/jobs/status-updates.ts';
import { WaitingJobs } from '../../../apps/validator/src/jobs/waiting-jobs.ts';
import { Router } from '../../../apps/validator/src/routing/router.ts';
import { MetricsRegistry } from '../../../apps/validator/src/metrics/metrics-registry.ts';
import { ValidatorSettings } from '../../../apps/validator/src/settings.ts';
import { openTestDatabase } from '../../../apps/validator/src/testing/open-test-database.ts';
import type { Figure } from '../figure.ts';
import { withPostgres } from '../miner/with-postgres.ts';

const miners = 256;
const validators = 20;
const blocks = 722;
/** Jobs of other validators that their receipts show running. */
const running = 1_000;
/** Choices that are measured, and those before that are not. */
const choices = 1_000;
const warmUp = 200;
const waiting = 10_000;
/** Jobs that are over: the database knows of its tables what it knows after some days. */
const ended = 10_000;
/** What the waiting jobs want, and nobody has. */
const scarce = '{"executor_class":"none"}';
const classes = Object.keys(executorClasses) as ExecutorClass[];

export const choosingFigures = (): Promise<Figure[]> => withPostgres(() => measure());

async function measure(): Promise<Figure[]> {
  const keypair = Keypair.generate();
  const database = await openTestDatabase();
  try {
    await fill(database, keypair.address);
    const parts = await partsOf(database, keypair);
    for (let i = 0; i < warmUp; i++) await choose(parts);
    const [alone, bare] = await inTurns(parts);
    await addWaiting(database);
    const [beside] = await inTurns(parts);
    const note = `${miners} miners, ${validators} validators, ${classes.length} classes, ${blocks} blocks, ${running} jobs of others`;
    const search = alone.map(({ search: ms }) => ms);
    return [
      { name: 'a miner chosen, p99', value: at(search, 0.99), unit: 'ms', bar: 5, atLeast: false, note },
      { name: 'a miner chosen, median', value: at(search, 0.5), unit: 'ms', bar: null, atLeast: false, note },
      {
        name: 'choice and commit beside a bare transaction of the same rows',
        value: at(wholes(alone), 0.5) / at(wholes(bare), 0.5),
        unit: 'times',
        bar: 2,
        atLeast: false,
      },
      {
        name: 'a bare transaction of the same rows, median',
        value: at(wholes(bare), 0.5),
        unit: 'ms',
        bar: null,
        atLeast: false,
      },
      {
        name: 'a bare transaction of the same rows, p99',
        value: at(wholes(bare), 0.99),
        unit: 'ms',
        bar: null,
        atLeast: false,
      },
      {
        name: `choice and commit beside ${waiting.toLocaleString('en')} waiting jobs, against alone`,
        value: at(wholes(beside), 0.5) / at(wholes(alone), 0.5),
        unit: 'times',
        bar: 1.2,
        atLeast: false,
      },
    ];
  } finally {
    await database.dataSource.destroy();
  }
}

interface Times {
  /** Within the transaction. @unit ms */
  search: number;
  /** With its commit. @unit ms */
  whole: number;
}

const wholes = (times: Times[]): number[] => times.map(({ whole }) => whole);
const at = (times: number[], part: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * part)]!;

/** Choices, and bare transactions between them, so that both have the same machine. */
async function inTurns(parts: Parts): Promise<[choices: Times[], bare: Times[]]> {
  const [chosen, bare]: [Times[], Times[]] = [[], []];
  for (let i = 0; i < choices; i++) {
    chosen.push(await choose(parts));
    bare.push(await storeTheSame(parts));
  }
  return [chosen, bare];
}

type Parts = Awaited<ReturnType<typeof partsOf>>;

class TimedRouter extends Router {
  /** How long the last choice took, without its commit. @unit ms */
  took = 0;

  override async choose(...asked: Parameters<Router['choose']>) {
    const began = performance.now();
    const choice = await super.choose(...asked);
    this.took = performance.now() - began;
    return choice;
  }
}

async function partsOf(database: Database, keypair: Keypair) {
  const settings = Object.assign(new ValidatorSettings(), { network: 'local' });
  const config = new ValidatorConfig(settings, database, null as never);
  const logger = pino({ level: 'silent' });
  const history = new AllowanceHistory(database);
  const doorbell = { ring: () => undefined, on: () => () => undefined } as unknown as Doorbell;
  const bell = new JobBell(doorbell);
  const view = new AllowanceView(history, database, doorbell, keypair, logger);
  await view.refresh();
  const capacity = new Capacity(new ReceiptQueries(database), keypair);
  const allowance = new Allowance(view, history, settings, new AllowanceMetrics(new MetricsRegistry()));
  const router = new TimedRouter(
    null as never,
    new Candidates(allowance, config, new NoCollateral(), logger),
    new KnownMiners(database, capacity, config, logger),
    allowance,
    new Decisions(database),
    new SystemEvents(database, new GatheredBell(database, doorbell), logger),
    config,
    settings,
    Math.random,
  );
  const waiting = new WaitingJobs(database);
  const next = new NextMiner(
    new Jobs(database, new StatusUpdates(new Outbox(database)), bell),
    waiting,
    new Attempts(database, bell),
    new Receipts(database, keypair),
    router,
    new FreshLook(router, logger),
    keypair,
    config,
    settings,
  );
  return { database, keypair, router, waiting, next };
}

/** Jobs that wait for their turn. */
const addJobs = ({ manager }: Database, executorClass: ExecutorClass, wanted: string, uuids: string[]) =>
  manager.query(
    `insert into job (uuid, request, executor_class, status, signatory, wanted, waits_for, waits_since, waits_until, look_at)
     select uuid, '{}', $2, 'received', 'signatory ' || floor(random() * 20), $3, 'It waits.', now(), until, until
     from unnest($1::uuid[]) uuid, (select now() + interval '1 hour' as until) wait`,
    [uuids, executorClass, wanted],
  );

async function addJob(database: Database): Promise<string> {
  const executor_class = classes[Math.floor(Math.random() * classes.length)]!;
  const limits = { download_time_limit: 5, execution_time_limit: 10, upload_time_limit: 5 };
  const uuid = randomUUID();
  const job = make(NewJob, { uuid, executor_class, ...limits, streaming_start_time_limit: 0 });
  await addJobs(database, executor_class, writeWanted(job), [uuid]);
  return uuid;
}

/** The job has ended when it has been measured: its executor is free, its blocks stay booked. */
const endAttempt = ({ manager }: Database, uuid: string) =>
  manager.query('update attempt set ended_at = now() where uuid = $1', [uuid]);

/** As the validator gives the job whose turn it is to a miner. */
async function choose({ database, waiting: queue, next, router }: Parts): Promise<Times> {
  const uuid = await addJob(database);
  const began = performance.now();
  await database.transaction(async (tx) => {
    const job = await queue.next(tx, [], [scarce]);
    if (job?.uuid !== uuid) throw new Error('It is not the turn of the job.');
    const found = await next.find(tx, job, { driver: randomUUID(), holder: null });
    if (found.is !== 'begun') throw new Error('No miner was chosen.');
  });
  const whole = performance.now() - began;
  await endAttempt(database, uuid);
  return { search: router.took, whole };
}

/** What a choice stores, each row by a statement of its own, without the search. */
async function storeTheSame({ database, keypair }: Parts): Promise<Times> {
  const uuid = await addJob(database);
  const began = performance.now();
  await database.transaction(async ({ manager }) => {
    const [{ id }] = await manager.query<[{ id: string }]>(
      `insert into booking (miner_hotkey, executor_class, blocks, last_block, seconds, expires_at)
       values ('nobody', $1, '{[1,10)}', 9, 20, now()) returning id`,
      [classes[0]],
    );
    await manager.query('insert into routing_decision (job_uuid, attempt, decision) values ($1, $1, $2)', [
      uuid,
      'x'.repeat(1_950),
    ]);
    await manager.query(
      `insert into system_event (type, subtype, description, data) values ('JOB_ROUTING', 'SUCCESS', 'The miner was chosen.', '{}')`,
    );
    await manager.query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature, timestamp,
         executor_class, is_organic, expires_at)
       values ($1, 'JobStartedReceipt', $2, 'nobody', $3, $4, now(), $5, true, now())`,
      [uuid, keypair.address, 'x'.repeat(400), 'x'.repeat(130), classes[0]],
    );
    await manager.query(
      `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, deadline, booking_id)
       values ($1, 1, $1, 'nobody', '192.0.2.1', 8000, now(), now(), $2)`,
      [uuid, id],
    );
    await manager.query(
      `update job set driver = $2, lease_until = now(), started_at = now(), waits_for = null, waits_since = null,
         look_at = null
       where uuid = $1`,
      [uuid, randomUUID()],
    );
  });
  const whole = performance.now() - began;
  await endAttempt(database, uuid);
  return { search: 0, whole };
}

const addWaiting = (database: Database) =>
  addJobs(
    database,
    classes[0]!,
    scarce,
    Array.from({ length: waiting }, () => randomUUID()),
  );

/** Every miner has four executors of each class, and some incidents; this validator has a twentieth of the stake. */
async function fill({ manager }: Database, own: string): Promise<void> {
  await manager.query(
    `insert into stake_snapshot (hotkeys, shares)
     select array_agg(case number when 0 then $2 else 'validator ' || number end), array_agg(1.0 / $1::float8)
     from generate_series(0, $1 - 1) number`,
    [validators, own],
  );
  await manager.query(
    `insert into allowance_block select number, '0x' || number, '2026-01-01T00:00:00Z'::timestamptz + number * interval '12 s',
       1, (select min(id) from stake_snapshot) from generate_series(0, $1) number`,
    [blocks],
  );
  await manager.query(
    `insert into miner (hotkey, uid, ip, port)
     select '5' || lpad(number::text, 47, 'm'), number, '192.0.2.1', 8000 from generate_series(1, $1) number`,
    [miners],
  );
  await manager.query(
    'insert into miner_manifest select hotkey, class, 4 from miner, unnest($1::text[]) class',
    [classes],
  );
  await manager.query(
    'insert into manifest_change select hotkey, class, 0, 4, false from miner, unnest($1::text[]) class',
    [classes],
  );
  await manager.query(
    `insert into miner_incident (hotkey, job_uuid, executor_class, kind)
     select hotkey, gen_random_uuid(), class, 'declined' from miner, unnest($1::text[]) class, generate_series(1, uid % 8)`,
    [classes],
  );
  await manager.query(
    `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature, timestamp,
       executor_class, is_organic, expires_at)
     select md5(job::text)::uuid, 'JobStartedReceipt', 'validator ' || 1 + job % ($2 - 1), hotkey, '', '', now(),
       ($3::text[])[1 + job % 5], true, now() + interval '1 hour'
     from generate_series(1, $1) job join miner on uid = 1 + job % $4`,
    [running, validators, classes, miners],
  );
  await manager.query(
    `insert into job (uuid, request, executor_class, status, signatory, wanted, started_at, ended_at)
     select md5(job::text)::uuid, '{}', ($2::text[])[1 + job % 5], 'completed', 'signatory ' || job % 20, '{}', at, at
     from generate_series(1, $1) job, lateral (select now() - job * interval '1 s' as at) ended`,
    [ended, classes],
  );
  await manager.query(
    `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at)
     select job.uuid, 1, job.uuid, miner.hotkey, ip, port, started_at, ended_at
     from job join miner on uid = 1 + extract(epoch from now() - ended_at)::int % $1`,
    [miners],
  );
  await manager.query('analyze');
}
