/** What an executor costs the miner that is connected over `durable-1` and waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase } from '@horde/testing/database';
import { MinerProcess } from '../../../tests/load/miner-process.ts';
import type { Figure } from '../figure.ts';

const executorClass = 'always_on.test';
const executors = 2_000;
const kilobyte = 1_000;

export async function memoryFigures(): Promise<Figure[]> {
  const miner = await MinerProcess.start({
    databaseUrl: await createTestDatabase(),
    executors: { [executorClass]: executors },
    environment: { WARM_EXECUTORS: `${executorClass}=${executors}` },
    hold: true,
    inspect: true,
  });
  try {
    await until(async () => (await started(miner)) === executors);
    const before = await settled(miner);
    miner.release();
    await until(async () => (await miner.connected(executorClass)).connected === executors);
    const after = await settled(miner);
    return [
      {
        name: 'memory per idle executor connection',
        value: (after - before) / executors / kilobyte,
        unit: 'kB',
        bar: 20,
        atLeast: false,
        note: `resident ${(before / 1e6).toFixed(0)} MB at 0, ${(after / 1e6).toFixed(0)} MB at ${executors}, durable-1`,
      },
    ];
  } finally {
    await miner.stop();
  }
}

/** How many executors the miner has started; none of them may be connected. */
async function started(miner: MinerProcess): Promise<number> {
  const [row] = await miner.query<{ count: number }>(
    'select count(executor_handle)::int as count from warm_executor',
  );
  return row!.count;
}

/** @unit bytes */
async function settled(miner: MinerProcess): Promise<number> {
  await sleep(2_000);
  for (let times = 0; times < 3; times++) await miner.collectGarbage();
  await sleep(1_000);
  return (await miner.process.memory()).now;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(200);
}
