import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Database, openDatabase } from '@horde/database';
import { createLogger } from '@horde/operations';
import { createTestDatabase } from '@horde/testing/database';
import { OtlpReceiver, traceOf } from '@horde/testing/otlp-receiver';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { endedByTime } from './ended-by-time.ts';
import { createTraceCursor, JobTraces, type EndedJobs } from './job-traces.ts';
import { spanIdOf } from './span.ts';

class CreateJobs1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table job (uuid uuid primary key, ended_at timestamptz)');
    await createTraceCursor(runner, `(now() - interval '1 day')::text || ' ' || gen_random_uuid()`);
  }

  async down(): Promise<void> {}
}

let database: Database;
let receiver: OtlpReceiver;
let lines = '';
const running: JobTraces[] = [];

const jobs: EndedJobs = {
  after: endedByTime,
  spans: async (_database, uuids) => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const facts = { 'horde.miner': '5Fm', 'horde.user': null };
    return uuids.map((job) => ({ job, place: 'a', parent: 'b', name: 'part', start: at, end: at, facts }));
  },
};

beforeAll(async () => {
  const url = await createTestDatabase();
  database = new Database(
    await openDatabase({ service: 'test', url, entities: [], migrations: [CreateJobs1795000000000] }),
  );
  receiver = await OtlpReceiver.start();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.endpoint);
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '500');
});
beforeEach(() => void (receiver.spans.length = 0));
afterAll(async () => {
  running.forEach((traces) => traces.onApplicationShutdown());
  vi.unstubAllEnvs();
  await receiver.stop();
  await database.dataSource.destroy();
});

async function start(): Promise<void> {
  const traces = new JobTraces(
    'test',
    jobs,
    database,
    createLogger('test', { write: (line) => (lines += line) }),
  );
  running.push(traces);
  await traces.onApplicationBootstrap();
}

/** @param ago seconds */
async function end(ago: number): Promise<string> {
  const uuid = randomUUID();
  await database.manager.query(`insert into job values ($1, now() - make_interval(secs => $2))`, [uuid, ago]);
  return uuid;
}
const told = () => receiver.spans.map(({ traceId }) => traceId);

it('jobs that end while nobody tells of them are told by the next process; those of long ago are not', async () => {
  await end(3_700);
  const [first, second] = [await end(20), await end(10)];
  expect(told()).toEqual([]);
  await start();
  await expect.poll(told).toEqual([traceOf(first), traceOf(second)]);
  expect(receiver.spans[0]).toMatchObject({
    service: 'test',
    spanId: spanIdOf({ job: first, place: 'a' }),
    parentSpanId: spanIdOf({ job: first, place: 'b' }),
    name: 'part',
    startTimeUnixNano: '1767323045678000000',
    attributes: [
      { key: 'horde.job', value: { stringValue: first } },
      { key: 'horde.miner', value: { stringValue: '5Fm' } },
    ],
  });
});

it('a job is told again until the collector has taken it, and once by two processes', async () => {
  await start();
  receiver.status = 503;
  const { asked } = receiver;
  const job = await end(3);
  await expect.poll(() => receiver.asked).toBeGreaterThan(asked + 1);
  expect(lines).toContain('could not be handed to the collector yet');
  receiver.status = 200;
  await expect.poll(told).toEqual([traceOf(job)]);
  const next = await end(2);
  await expect.poll(told).toEqual([traceOf(job), traceOf(next)]);
});
