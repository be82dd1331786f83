import { AcceptJob, ExecutorReady, GenericError, make } from '@horde/protocol';
import { afterEach, expect, it, vi } from 'vitest';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
afterEach(() => void vi.useRealTimers());

it('a clock that is set an hour forward while a job runs does not end it', async () => {
  scene.miner.script = {
    ...wholeJob,
    onInitial: async ({ job_uuid }, connection) => {
      await send(connection, make(AcceptJob, { job_uuid }));
      await scene.facilitator.update(job_uuid, 'accepted');
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
      // It moves nothing: the deadline of the stage stays.
      await send(
        connection,
        make(GenericError, { details: 'still at it' }),
        make(ExecutorReady, { job_uuid }),
      );
    },
  };
  await scene.start();
  const uuid = await scene.send();
  const { items } = scene.facilitator.updates;
  await expect
    .poll(() => items.filter((update) => update.uuid === uuid).map(({ status }) => status as string), {
      timeout: 20_000,
    })
    .toSatisfy((statuses: string[]) => statuses.includes('completed') || statuses.includes('failed'));
  expect(scene.facilitator.statuses(uuid)).toContain('completed');
});
