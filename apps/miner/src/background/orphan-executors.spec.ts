import { HostUnreachable } from '@horde/executor-manager';
import { afterEach, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { OrphanExecutors } from './orphan-executors.ts';

let miner: MinerUnderTest;
afterEach(() => miner.close());

it('an executor that belongs to nobody is stopped, although another machine cannot be asked', async () => {
  const manager = new RecordingManager().listing();
  miner = await MinerUnderTest.start(manager);
  const { job_uuid } = await (await miner.validator()).accepted();
  const own = await manager.token(job_uuid);
  const token = 'left-by-a-dead-miner';
  const request = { token, jobUuid: 'x', executorClass: 'always_on.test' as const };
  await manager.start(
    { ...request, minerAddress: 'ws://x', startupTimeLimit: 5 },
    new AbortController().signal,
  );
  const list = manager.running!;
  manager.running = async () => {
    throw new HostUnreachable('far is out of reach.', { elsewhere: await list() });
  };
  expect(await miner.part(OrphanExecutors).sweep()).toBe(1);
  await expect.poll(() => manager.stopped).toEqual([token]);
  expect(own).not.toBe(token);
});
