import { Queues } from '@horde/queue';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { schedule } from './schedule.ts';

let queues: Queues;
beforeAll(async () => {
  queues = new Queues({ service: 'test', databaseUrl: await createTestDatabase(), redisUrl: null });
});
afterAll(() => queues.close());

const lines: string[] = [];
const logger = pino({}, { write: (line) => void lines.push(line) });

it('work that fails is done again after a pause, until it succeeds, and each reason is written down once', async () => {
  let failures = 3;
  let done = 0;
  await schedule(queues, logger, {
    name: 'work',
    interval: 3_600_000,
    retryPause: 20,
    work: async () => {
      if (failures-- > 0) throw new Error(failures > 0 ? 'the chain is away' : 'the chain refuses');
      done++;
    },
    failed: 'it could not be done',
  });
  await vi.waitFor(() => expect(done).toBeGreaterThan(0), { timeout: 10_000 });
  expect(failures).toBeLessThan(0);
  expect(lines.filter((line) => line.includes('it could not be done'))).toHaveLength(2);
});

it('work is done when the miner starts, and at each interval', async () => {
  let done = 0;
  await schedule(queues, logger, {
    name: 'clock',
    interval: 50,
    retryPause: 20,
    work: async () => void done++,
    failed: 'it could not be done',
  });
  await vi.waitFor(() => expect(done).toBeGreaterThan(3), { timeout: 10_000 });
});
