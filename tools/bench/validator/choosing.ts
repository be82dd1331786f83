/** Choosing a miner for a job: the search, the booking, and what is stored with it. */
import { randomUUID } from 'node:crypto';
import type { Database, Doorbell, Transaction } from '@horde/database';
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
import { ReceiptQueries } from '../../../apps/validator/src/receipts/receipt-queries.ts';
import { Candidates } from '../../../apps/validator/src/routing/candidates.ts';
import { Decisions } from '../../../apps/validator/src/routing/decisions.ts';
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
/** What the waiting jobs want, and nobody has. */
const scarce = '{"executor_class":"none"}';
const classes = Object.keys(executorClasses) as ExecutorClass[];

export const choosingFigures = (): Promise<Figure[]> => withPostgres(() => measure());

async function measure(): Promise<Figure[]> {
  const keypair = Keypair.generate();
  const database = await openTestDatabase();
  try {
    await fill(database, keypair.address);
    const router = await routerOf(database, keypair);
    await many(warmUp, () => choose(database, router));
    const alone = await many(choices, () => choose(database, router));
    const bare = await many(choices, () => storeTheSame(database));
    await addWaiting(database);
    const beside = await many(choices, () => choose(database, router));
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
        name: `the same beside ${waiting.toLocaleString('en')} waiting jobs`,
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

async function many(count: number, work: () => Promise<Times>): Promise<Times[]> {
  const times: Times[] = [];
  for (let i = 0; i < count; i++) times.push(await work());
  return times;
}

async function routerOf(database: Database, keypair: Keypair): Promise<Router> {
  const settings = Object.assign(new ValidatorSettings(), { network: 'local' });
  const config = new ValidatorConfig(settings, database, null as never);
  const logger = pino({ level: 'silent' });
  const history = new AllowanceHistory(database);
  const doorbell = { on: () => () => undefined } as unknown as Doorbell;
  const view = new AllowanceView(history, database, doorbell, keypair, logger);
  await view.refresh();
  const capacity = new Capacity(new ReceiptQueries(database), keypair);
  const allowance = new Allowance(view, history, settings, new AllowanceMetrics(new MetricsRegistry()));
  return new Router(
    null as never,
    new Candidates(capacity, allowance, config, new NoCollateral(), logger),
    capacity,
    allowance,
    new Decisions(database),
    new SystemEvents(database, logger),
    config,
    settings,
    Math.random,
  );
}

/** Jobs that wait for their turn. */
const addJobs = ({ manager }: Database, executorClass: ExecutorClass, wanted: string, uuids: string[]) =>
  manager.query(
    `insert into job (uuid, request, executor_class, status, signatory, wanted, waits_for, waits_since, waits_until, look_at)
     select uuid, '{}', $2, 'received', 'signatory ' || floor(random() * 20), $3, 'It waits.', now(), until, until
     from unnest($1::uuid[]) uuid, (select now() + interval '1 hour' as until) wait`,
    [uuids, executorClass, wanted],
  );

const addJob = (database: Database, uuid: string, executorClass: ExecutorClass) =>
  addJobs(database, executorClass, '{}', [uuid]);

const addAttempt = ({ manager }: Transaction, uuid: string, hotkey: string) =>
  manager.query(
    `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at)
     values ($1, 1, $1, $2, '192.0.2.1', 8000, now())`,
    [uuid, hotkey],
  );

/** The job has ended when it has been measured: its executor is free, its blocks stay booked. */
async function choose(database: Database, router: Router): Promise<Times> {
  const executor_class = classes[Math.floor(Math.random() * classes.length)]!;
  const uuid = randomUUID();
  await addJob(database, uuid, executor_class);
  const limits = { download_time_limit: 5, execution_time_limit: 10, upload_time_limit: 5 };
  const job = make(NewJob, { uuid, executor_class, ...limits, streaming_start_time_limit: 0 });
  const queue = new WaitingJobs(database);
  const began = performance.now();
  let search = 0;
  await database.transaction(async (tx) => {
    const next = await queue.next(tx, [], [scarce]);
    if (next?.uuid !== uuid) throw new Error('It is not the turn of the job.');
    const from = performance.now();
    const choice = await router.choose(tx, job, { attempt: uuid, excluded: new Set() });
    search = performance.now() - from;
    if (choice.is !== 'miner') throw new Error(`No miner was chosen: ${choice.error.message}`);
    await addAttempt(tx, uuid, choice.miner.hotkey);
    await queue.began(tx, uuid, randomUUID(), 10_000);
  });
  const whole = performance.now() - began;
  await database.manager.query('update attempt set ended_at = now() where uuid = $1', [uuid]);
  return { search, whole };
}

/** What a choice stores, without the search. */
async function storeTheSame(database: Database): Promise<Times> {
  const uuid = randomUUID();
  await addJob(database, uuid, classes[0]!);
  const began = performance.now();
  await database.transaction(async (tx) => {
    await tx.manager.query(
      `insert into booking (miner_hotkey, executor_class, blocks, last_block, seconds, expires_at)
       values ('nobody', $1, '{[1,10)}', 9, 20, now())`,
      [classes[0]],
    );
    await tx.manager.query('insert into routing_decision (job_uuid, attempt, decision) values ($1, $1, $2)', [
      uuid,
      'x'.repeat(1_950),
    ]);
    await tx.manager.query(
      `insert into system_event (type, subtype, description, data) values ('JOB_ROUTING', 'SUCCESS', 'The miner was chosen.', '{}')`,
    );
    await addAttempt(tx, uuid, 'nobody');
    await new WaitingJobs(database).began(tx, uuid, randomUUID(), 10_000);
  });
  const whole = performance.now() - began;
  await database.manager.query('update attempt set ended_at = now() where uuid = $1', [uuid]);
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
  await manager.query('analyze');
}
