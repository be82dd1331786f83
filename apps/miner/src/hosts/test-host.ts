import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { fail, warn, type Finding } from '@horde/commands';
import { Database } from '@horde/database';
import type { ServerSpec } from '@horde/executor-manager';
import type { ExecutorClass } from '@horde/protocol';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { checkJob } from '../self-test/check-job.ts';
import { reach } from '../self-test/reach.ts';
import type { TestValidator } from '../self-test/test-validator.ts';
import { MinerSettings } from '../settings.ts';

/** How long the running miner may take to see the changed file, and to reach the host. @unit ms */
const takeUpLimit = 40_000;
/** So many jobs are tried until one has run on the host. */
const mostJobs = 5;

/** What the running miner offers of a class. @throws Error with a sentence when it does not answer */
export async function offeredNow(
  address: string,
  validator: TestValidator,
  executorClass: ExecutorClass,
  signal: AbortSignal,
): Promise<number> {
  const { finding, manifest } = await reach('miner', address, validator, 'Start the miner first.', signal);
  if (manifest === null) throw new Error(`${finding.says} ${finding.fix}`);
  return manifest.get(executorClass) ?? 0;
}

/** Waits until the running miner offers as many. @returns whether it does */
export async function takenUp(
  offered: () => Promise<number>,
  least: number,
  signal: AbortSignal,
): Promise<boolean> {
  for (const end = performance.now() + takeUpLimit; ; await sleep(1_000, undefined, { signal })) {
    if ((await offered()) >= least) return true;
    if (performance.now() > end) return false;
  }
}

/** Runs a job of the running miner on a host: the one that is used least gets the next. */
export async function jobOn(
  server: ServerSpec,
  servers: ServerSpec[],
  {
    app,
    address,
    validator,
    signal,
  }: { app: INestApplicationContext; address: string; validator: TestValidator; signal: AbortSignal },
): Promise<Finding> {
  const settings = app.get(MinerSettings);
  const startupTimeLimit = app.get(MinerConfig).get('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT');
  const miner = { address, validator, startupTimeLimit, signal };
  const check = `job on ${server.name}`;
  for (let left = mostJobs; left > 0; left--) {
    const { executorClass } = server;
    const { finding } = await checkJob(
      miner,
      executorClass,
      settings.executorImage,
      !settings.debugNoGpuMode,
      servers,
    );
    const place = await lastPlace(app, validator.hotkey);
    if (place === server.name || place === null) return { ...finding, check };
    if (finding.verdict === 'FAIL')
      return fail(check, `${place} got the job in its place: ${finding.says}`, finding.fix!);
  }
  return warn(
    check,
    `Not tested: other hosts got ${mostJobs} jobs.`,
    'Type the same line again when they are busy.',
  );
}

async function lastPlace(app: INestApplicationContext, hotkey: string): Promise<string | null> {
  const [row] = await app
    .get(Database)
    .manager.query<{ place: string | null }[]>(
      `select executor_handle->>'place' as place from job where validator_hotkey = $1 order by accepted_at desc limit 1`,
      [hotkey],
    );
  return row?.place ?? null;
}
