/** How long a job that has been accepted waits for its executor, when that is warm. */
import { setTimeout as sleep } from 'node:timers/promises';
import { driveJob } from '../../../tests/load/drive-job.ts';
import { MinerProcess } from '../../../tests/load/miner-process.ts';
import { createTestDatabase } from '@horde/testing/database';
import type { Figure } from '../figure.ts';
import { median } from './median.ts';

const executorClass = 'always_on.test';
const warm = 10;
const jobs = 100;

export async function warmFigures(): Promise<Figure[]> {
  const miner = await MinerProcess.start({
    databaseUrl: await createTestDatabase(),
    executors: { [executorClass]: 2 * warm },
    environment: { WARM_EXECUTORS: `${executorClass}=${warm}` },
  });
  try {
    const validator = await miner.validator();
    const took: number[] = [];
    for (let job = 0; job < jobs; job++) {
      while ((await miner.connected(executorClass)).connected < warm) await sleep(50);
      let accepted = 0;
      await driveJob(validator, miner, executorClass, (type) => {
        if (type === 'V0AcceptJobRequest') accepted = performance.now();
        if (type === 'V0ExecutorReadyRequest') took.push(performance.now() - accepted);
      });
    }
    return [
      {
        name: 'accept to ready, warm executor',
        value: median(took),
        unit: 'ms',
        bar: 100,
        atLeast: false,
        note: `median of ${jobs} jobs, the slowest ${Math.max(...took).toFixed(0)} ms; the executor itself answers at once`,
      },
    ];
  } finally {
    await miner.stop();
  }
}
