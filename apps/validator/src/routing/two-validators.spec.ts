import { setTimeout as sleep } from 'node:timers/promises';
import { AcceptJob, ExecutionDone, ExecutorReady, make, VolumesReady } from '@horde/protocol';
import { randomness } from '@horde/testing/random';
import { expect, it } from 'vitest';
import { finished, send } from '@horde/testing/validator-miner/miner-script';
import { Subnet } from '../testing/subnet.ts';

const subnet = new Subnet(3);
const offers = [1, 2, 4];
const jobs = 40;

it('two validators on one database under load over-book no miner, and drive no job twice', async () => {
  const random = randomness(7);
  const running = offers.map(() => 0);
  const most = offers.map(() => 0);
  for (const [at, miner] of subnet.miners.entries()) {
    miner.manifest = [['always_on.test', offers[at]!]];
    miner.script = {
      onInitial: ({ job_uuid }, connection) => {
        most[at] = Math.max(most[at]!, ++running[at]!);
        return send(connection, make(AcceptJob, { job_uuid }), make(ExecutorReady, { job_uuid }));
      },
      onJob: async ({ job_uuid }, connection) => {
        await send(connection, make(VolumesReady, { job_uuid }), make(ExecutionDone, { job_uuid }));
        await sleep(random() * 300);
        running[at]!--;
        await send(connection, finished(job_uuid));
      },
    };
  }
  // A miner that answers late, on a machine that does much else, is not given up for another one.
  const wait = { JOB_WAIT_LIMIT: '120', DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: '60' };
  await subnet.start(wait);
  await subnet.start(wait);
  const uuids = await Promise.all(Array.from({ length: jobs }, () => subnet.send()));
  for (const uuid of uuids) await subnet.facilitator.update(uuid, 'completed', 60_000);
  for (const [at, count] of most.entries()) expect(count).toBeLessThanOrEqual(offers[at]!);
  const asked = subnet.miners.flatMap((miner) => miner.all('V0InitialJobRequest'));
  expect(asked.map(({ job_uuid }) => job_uuid).toSorted()).toEqual(uuids.toSorted());
}, 90_000);
