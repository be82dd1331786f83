/**
 * What a miner, a validator and a facilitator ask their databases when there are a million jobs in the tables, and nothing to do: scrapes of
 * `/metrics`, schedules, sweeps, and the removal of what is older than it is kept. The slowest statements of each service
 * are printed.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase } from '@horde/testing/database';
import { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { scrape } from '@horde/testing/metrics';
import { ServiceBundle } from '@horde/testing/service-bundle';
import pg from 'pg';
import { storeJobs } from '../../apps/facilitator/src/testing/stored-jobs.ts';
import { ValidatorPlace } from '../../apps/validator/src/testing/running-validator.ts';
import { MinerProcess } from '../../tests/load/miner-process.ts';
import type { Figure } from './figure.ts';
import { withPostgres } from './miner/with-postgres.ts';

const jobs = 1_000_000;
/** How long each service is watched. @unit ms */
const watched = 70_000;
const scrapeInterval = 5_000;
/** What a statement may take on a machine that has other things to do. @unit ms */
const bar = 500;

type Query = (sql: string, ...values: unknown[]) => Promise<unknown>;

interface Service {
  name: string;
  /** Starts it on its database, whose tables it makes. */
  start: (databaseUrl: string) => Promise<Running>;
  /** Puts a million jobs into the tables. */
  fill: (query: Query) => Promise<void>;
  paths: string[];
}

interface Running {
  /** `http://127.0.0.1:PORT` */
  url: string;
  stop: () => Promise<unknown>;
}

export const figures = (): Promise<Figure[]> =>
  withPostgres(async (folder) => {
    const found: Figure[] = [];
    for (const service of [miner, validator, facilitator])
      found.push(...(await watch(service, path.join(folder, 'postgres/postgres.log'))));
    return found;
  });

async function watch({ name, start, fill, paths }: Service, log: string): Promise<Figure[]> {
  const databaseUrl = await createTestDatabase();
  await (await start(databaseUrl)).stop();
  const database = new pg.Client({ connectionString: databaseUrl, options: `-c search_path=${name}` });
  await database.connect();
  const query: Query = (sql, ...values) => database.query(sql, values);
  await fill(query);
  await query('vacuum analyze');
  await query(`alter database ${new URL(databaseUrl).pathname.slice(1)} set log_min_duration_statement = 20`);
  await database.end();
  const begin = (await readFile(log, 'utf8')).length;
  const running = await start(databaseUrl);
  let slowestScrape = 0;
  for (const end = performance.now() + watched; performance.now() < end; await sleep(scrapeInterval))
    for (const each of paths) {
      const before = performance.now();
      await (await scrape(running.url, each)).text();
      slowestScrape = Math.max(slowestScrape, performance.now() - before);
    }
  await running.stop();
  const slow = statementsIn((await readFile(log, 'utf8')).slice(begin));
  for (const [sql, times] of slow) console.log(`${name}: ${times.join(', ')} ms: ${sql.slice(0, 300)}`);
  const slowest = Math.max(0, ...[...slow.values()].flat());
  return [
    { name: `slowest scrape of a ${name}`, value: slowestScrape, unit: 'ms', bar, atLeast: false },
    { name: `slowest statement of a ${name}`, value: slowest, unit: 'ms', bar, atLeast: false },
  ];
}

const miner: Service = {
  name: 'miner',
  start: async (databaseUrl) => {
    const process = await MinerProcess.start({ databaseUrl, executors: { 'always_on.test': 2 } });
    return { url: process.url.replace('ws:', 'http:'), stop: () => process.stop() };
  },
  paths: ['/metrics', '/business-metrics'],
  fill: async (query) => {
    await query(
      `insert into job (uuid, validator_hotkey, executor_class, status, initial_request, job_request, executor_token,
         slot_held, start_requested_at, connected_at, exited_at, exit_code, deadline, accepted_at, ended_at, settled_at)
       select md5(number::text)::uuid, 'v' || number % 20, 'always_on.test',
         case when number % 50 = 0 then 'failed' else 'completed' end, repeat(md5(number::text), 20),
         repeat(md5(number::text), 20), number, false, at, at, at, 0, at, at - interval '1 minute', at, at
       from (select number, now() - number * interval '49 hours' / $1 as at from generate_series(1, $1::int) number) one`,
      jobs,
    );
    await query(`insert into job_event (job_uuid, status, at) select uuid, 'accepted', accepted_at from job`);
    // One validator is away.
    await query(
      `insert into outbox (peer, subject, type, frame) select validator_hotkey, uuid::text, 'V0JobFinishedRequest', '{}'
       from job where validator_hotkey = 'v0'`,
    );
    await query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, timestamp, executor_class, is_organic, ttl, payload,
         validator_signature, miner_signature, stored_at, page)
       select uuid, type, validator_hotkey, ended_at, executor_class, true, 60, repeat(md5(type), 15), repeat('a', 130),
         repeat('b', 130), ended_at, 1
       from job, unnest(array['JobStartedReceipt', 'JobFinishedReceipt']) type`,
    );
  },
};

const validator: Service = {
  name: 'validator',
  start: async (databaseUrl) => {
    const place = await ValidatorPlace.make();
    const bundle = await ServiceBundle.build('validator');
    const process = bundle.run(
      place.environment({ DATABASE_URL: databaseUrl, FACILITATOR_URI: 'ws://127.0.0.1:1' }),
    );
    const stop = async () => {
      await process.kill('SIGTERM');
      await Promise.all([bundle.remove(), place.remove()]);
    };
    return { url: `http://127.0.0.1:${await process.listening()}`, stop };
  },
  paths: ['/metrics'],
  fill: async (query) => {
    await query(
      `insert into job (uuid, request, executor_class, signatory, facilitator, status, received_at, ended_at,
         signed_digest, started_at)
       select md5(number::text)::uuid, repeat(md5(number::text), 30), 'always_on.test', 'u' || number % 100,
         'ws://127.0.0.1:1',
         case when number % 50 = 0 then 'failed' else 'completed' end, at - interval '1 minute', at, md5(number::text), at
       from (select number, now() - number * interval '49 hours' / $1 as at from generate_series(1, $1::int) number) one`,
      jobs,
    );
    await query(
      `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at, outcome)
       select uuid, 1, uuid, 'm' || right(uuid::text, 2), '127.0.0.1', 1, started_at, ended_at, 'completed' from job`,
    );
    await query(
      `insert into job_event (job_uuid, status, at, metadata) select uuid, 'completed', ended_at, '{}' from job`,
    );
    await query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature,
         miner_signature, timestamp, executor_class, is_organic, expires_at, score, created_at)
       select uuid, type, 'v', miner_hotkey, repeat(md5(type), 15), repeat('a', 130), repeat('b', 130), ended_at,
         'always_on.test', true, ended_at + interval '1 minute', 1, ended_at
       from attempt, unnest(array['JobStartedReceipt', 'JobFinishedReceipt']) type`,
    );
    await query(
      `insert into system_event (type, subtype, description, data, at, sent_at)
       select 'JOB_ROUTING', 'x', 'x', '{}', ended_at, ended_at from job`,
    );
    await query(
      `insert into miner_incident (hotkey, job_uuid, executor_class, kind, at)
       select miner_hotkey, uuid, 'always_on.test', 'declined', started_at from attempt where uuid < '10000000-0000-0000-0000-000000000000'`,
    );
  },
};

const facilitator: Service = {
  name: 'facilitator',
  start: async (databaseUrl) => {
    const process = await FacilitatorProcess.start(databaseUrl);
    return { url: process.url, stop: () => process.stop() };
  },
  paths: ['/metrics'],
  fill: (query) => storeJobs(query, { hotkey: 'u', validator: 'v', count: jobs }),
};

/** The statements that a server's log tells of, with their durations. @unit ms */
function statementsIn(log: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const lines = log.matchAll(/duration: ([\d.]+) ms +(?:statement|execute [^:]*): ((?:.|\n(?=\s))*)/g);
  for (const [, ms, text] of lines) {
    const sql = text!.replace(/\s+/g, ' ');
    found.set(sql, [...(found.get(sql) ?? []), Math.round(Number(ms))]);
  }
  return found;
}
