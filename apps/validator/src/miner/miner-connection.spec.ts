import { Keypair } from '@horde/identity';
import { AcceptJob, ExecutionDone, ExecutorReady, VolumesReady, make } from '@horde/protocol';
import { because, missingIpv6 } from '@horde/testing/missing';
import { describe, expect, it } from 'vitest';
import { finished, send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
const allStatuses = [
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
  'completed',
];

describe('the connection to the miner is lost', () => {
  it('before the miner has answered: the validator asks again, with the receipt of the first time', async () => {
    let times = 0;
    scene.miner.script = {
      ...wholeJob,
      onInitial: (request, connection) =>
        times++ === 0 ? connection.terminate() : wholeJob.onInitial(request, connection),
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    const [first, second] = scene.miner.initial(uuid);
    expect(second!.job_started_receipt_signature).toBe(first!.job_started_receipt_signature);
    expect(second!.job_started_receipt_payload).toEqual(first!.job_started_receipt_payload);
    const auths = scene.miner.all('ValidatorAuthForMiner');
    expect(auths).toHaveLength(2);
    expect(new Set(auths.map(({ signature }) => signature)).size).toBe(2);
  });

  it('while the job runs: the validator comes back, and the result is not lost', async () => {
    let times = 0;
    scene.miner.script = {
      ...wholeJob,
      onJob: async ({ job_uuid }, connection) => {
        if (times++ > 0) return send(connection, make(ExecutionDone, { job_uuid }), finished(job_uuid));
        await send(connection, make(VolumesReady, { job_uuid }));
        await scene.miner.stop();
        await scene.miner.start();
      },
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    expect(scene.facilitator.statuses(uuid)).toEqual(allStatuses);
    expect((await scene.miner.finishedReceipt(uuid)).payload.score_str).toBe('20.000000');
    expect(scene.miner.badSignatures).toEqual([]);
  });

  it('by a miner that fails on what it has heard before: the validator repeats nothing to it again', async () => {
    scene.miner.script = {
      onInitial: async ({ job_uuid }, connection) => {
        if (scene.miner.initial(job_uuid).length > 1) return connection.close(1011);
        await send(connection, make(AcceptJob, { job_uuid }));
        await scene.facilitator.update(job_uuid, 'accepted');
        connection.terminate();
      },
      onJob: wholeJob.onJob,
    };
    await scene.start();
    const uuid = await scene.send();
    // ComputeHorde's miner tells a validator that has come back, unasked, which executors wait for their job.
    await scene.miner.connections.first(
      (connection) => scene.miner.connections.items.indexOf(connection) === 2,
    );
    await send(scene.miner.connections.items[2]!, make(ExecutorReady, { job_uuid: uuid }));
    await scene.facilitator.update(uuid, 'completed');
    expect(scene.miner.initial(uuid)).toHaveLength(2);
  });

  it('after the result: the receipt of the finished job is handed over all the same', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: async (request, connection) => {
        await wholeJob.onJob(request, connection);
        connection.close(1001);
      },
    };
    await scene.start();
    await scene.miner.finishedReceipt(await scene.send());
  });

  it('for good: the job ends when its time is over, and the user learns why', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: async ({ job_uuid }, connection) => {
        await send(connection, make(VolumesReady, { job_uuid }));
        void scene.miner.stop();
      },
    };
    await scene.start({ DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME: '5' });
    const uuid = await scene.send({ download_time_limit: 0, execution_time_limit: 1 });
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.horde_failure_details).toMatchObject({
      reported_by: 'validator',
      reason: 'execution_timed_out',
    });
    expect(metadata!.horde_failure_details!.message).toContain(
      'There was no connection to it at the end: closed with 1001',
    );
  });
});

describe.skipIf(missingIpv6 !== null)(`a miner with an IPv6 address${because(missingIpv6)}`, () => {
  it('is reached', async () => {
    const six = new ScriptedMiner(Keypair.generate(), '::1');
    await six.start();
    six.script = wholeJob;
    await scene.start({
      DEBUG_MINER_KEY: six.keypair.address,
      DEBUG_MINER_ADDRESS: '::1',
      DEBUG_MINER_PORT: String(six.port),
    });
    await scene.facilitator.update(await scene.send(), 'completed');
    await six.stop();
  });
});
