import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { JobRetention } from './job-retention.ts';

const count = 120;
let facilitator: RunningFacilitator;
const query = (sql: string, ...values: unknown[]) =>
  facilitator.database.manager.query<{ count: number }[]>(sql, values);
const rows = async (table: string) => (await query(`select count(*)::int as count from ${table}`))[0]!.count;

beforeAll(async () => {
  facilitator = await startFacilitator([], {}, { hasSchedules: false });
});
afterAll(() => facilitator.stop());
beforeEach(async () => {
  await query('delete from job');
  const [hotkey, validator] = [Keypair.generate().address, Keypair.generate().address];
  await storeJobs(query, { hotkey, validator, count, artifacts: 100_000 });
  await query(
    `insert into outbox (peer, subject, type, frame) select $1, uuid::text, 'V2JobRequest', '{}' from job`,
    validator,
  );
  await query(`update job set created_at = now() - interval '8 days'`);
});

const age = (days: number, where = 'true') =>
  query(`update job_status set created_at = now() - $1 * interval '1 day' where ${where}`, days);

describe('jobs whose last status is older than seven days', () => {
  it('are removed with their results and what was to be sent of them, by two replicas at once too', async () => {
    await age(8);
    const retention = facilitator.app.get(JobRetention);
    const removed = await Promise.all([retention.evict(), retention.evict()]);
    expect(removed[0]! + removed[1]!).toBe(count);
    expect([await rows('job'), await rows('job_status'), await rows('outbox')]).toEqual([0, 0, 0]);
    expect(await retention.evict()).toBe(0);
  });
});

describe('jobs that are older, but had a status since', () => {
  it('stay', async () => {
    await age(8);
    await age(6, `status = 'completed'`);
    expect(await facilitator.app.get(JobRetention).evict()).toBe(0);
    expect([await rows('job'), await rows('outbox')]).toEqual([count, count]);
  });
});
