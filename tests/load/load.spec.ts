import type { ExecutorClass } from '@horde/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { driveJob } from './drive-job.ts';
import { MinerProcess } from './miner-process.ts';

/** How many validators there are, how many jobs each drives, and how many executors stay connected meanwhile. */
const [validators, jobsOfEach, idle] = (process.env['MINER_LOAD'] ?? '20 10 1000').split(' ').map(Number) as [
  number,
  number,
  number,
];
/** How many of its jobs a validator drives at the same time. */
const together = 4;
const idleClass: ExecutorClass = 'always_on.llm.a6000';
const jobClass: ExecutorClass = 'always_on.test';

let miner: MinerProcess;

beforeAll(async () => {
  miner = await MinerProcess.start({
    databaseUrl: await createTestDatabase(),
    executors: { [idleClass]: idle, [jobClass]: validators * together },
    environment: { WARM_EXECUTORS: `${idleClass}=${idle}` },
  });
}, 120_000);
afterAll(() => miner?.stop());

it(`${validators} validators each drive ${jobsOfEach} jobs to a stored finished receipt while ${idle} executors stay connected`, async () => {
  await expect
    .poll(() => miner.connected(idleClass), { timeout: 180_000, interval: 250 })
    .toMatchObject({ connected: idle });
  await miner.connected(idleClass); // counts the fewest from here

  const drivers = [];
  for (let count = 0; count < validators; count++) drivers.push(await miner.validator());
  await Promise.all(
    drivers.map(async (validator) => {
      let left = jobsOfEach;
      const drive = async () => {
        while (left-- > 0) await driveJob(validator, miner, jobClass);
      };
      await Promise.all(Array.from({ length: together }, drive));
    }),
  );

  expect(await miner.connected(idleClass)).toEqual({ connected: idle, fewest: idle });
  expect(
    await miner.query(
      `select status, count(*)::int as jobs, count(settled_at)::int as settled from job group by status`,
    ),
  ).toEqual([{ status: 'completed', jobs: validators * jobsOfEach, settled: validators * jobsOfEach }]);
  expect(
    await miner.query('select receipt_type, count(*)::int as stored from receipt group by 1 order by 1'),
  ).toEqual(
    ['JobAcceptedReceipt', 'JobFinishedReceipt', 'JobStartedReceipt'].map((receipt_type) => ({
      receipt_type,
      stored: validators * jobsOfEach,
    })),
  );
}, 300_000);
