import { JobFinished, make } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { finished, send, wholeJob } from '@horde/testing/validator-miner/miner-script';
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

describe('the facilitator', () => {
  it('is away while a job ends: it is told everything when it is back', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: async (request, connection) => {
        await scene.facilitator.update(request.job_uuid, 'executor_ready');
        await scene.facilitator.stop();
        await wholeJob.onJob(request, connection);
      },
    };
    await scene.start();
    const uuid = await scene.send();
    await scene.miner.finishedReceipt(uuid);
    await scene.facilitator.start();
    await scene.facilitator.update(uuid, 'completed');
    expect([...new Set(scene.facilitator.statuses(uuid))]).toEqual(allStatuses);
  });

  it('leaves before it has answered: the update comes again, and only then', async () => {
    scene.miner.script = wholeJob;
    scene.facilitator.answer = () => null;
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    const sent = scene.facilitator.updates.items.length;
    scene.facilitator.answer = () => ({ status: 'success', errors: [] });
    scene.facilitator.logins.items[0]!.terminate();
    await scene.facilitator.updates.first(
      (update) => update.uuid === uuid && update.status === 'completed',
      sent,
    );
    expect(scene.facilitator.statuses(uuid)).toEqual([...allStatuses, ...allStatuses]);
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('has an update already: it is not sent again', async () => {
    scene.miner.script = wholeJob;
    scene.facilitator.answer = () => ({
      status: 'error',
      errors: [{ msg: 'Integrity error', type: 'job.integrity_error', help: '' }],
    });
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('refuses an update for another reason: it stays for the next connection', async () => {
    scene.miner.script = wholeJob;
    scene.facilitator.answer = ({ status }) =>
      status === 'completed'
        ? { status: 'error', errors: [{ msg: 'no', type: 'other', help: '' }] }
        : { status: 'success', errors: [] };
    await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await expect.poll(() => scene.waiting(uuid)).toBe(1);
  });

  it('cannot read the results: it is told why the job has failed, and other jobs go on', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: ({ job_uuid }, connection) =>
        scene.miner.initial(job_uuid)[0]!.docker_image === 'large'
          ? send(
              connection,
              make(JobFinished, { ...finished(job_uuid), docker_process_stdout: 'x'.repeat(2e6) }),
            )
          : send(connection, finished(job_uuid)),
    };
    scene.facilitator.largestFrame = 1_500_000;
    await scene.start();
    const uuid = await scene.send({ docker_image: 'large' });
    const { metadata } = await scene.facilitator.update(uuid, 'failed');
    expect(metadata!.job_failure_details).toMatchObject({
      reason: 'upload_failed',
      stage: 'result_upload',
      message: expect.stringMatching(
        /^The job's output and artifacts have 2\d{6} bytes, more than the facilitator reads\./,
      ) as string,
    });
    const other = await scene.send();
    await scene.facilitator.update(other, 'completed');
  });

  it('sends many jobs and leaves at once: none of them is lost', async () => {
    await scene.start();
    const uuids = [];
    for (let i = 0; i < 20; i++) uuids.push(await scene.send());
    scene.facilitator.logins.items[0]!.close(1001);
    for (const uuid of uuids) await scene.facilitator.update(uuid, 'received');
  });
});
