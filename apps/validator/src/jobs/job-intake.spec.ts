import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import { describe, expect, it } from 'vitest';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();

describe('who may send jobs', () => {
  it('a job signed by a stranger is rejected before any miner hears of it', async () => {
    await scene.start();
    const stranger = Keypair.generate();
    const uuid = await scene.send({}, stranger);
    const { metadata } = await scene.facilitator.update(uuid, 'rejected');
    expect(metadata!.job_rejection_details).toMatchObject({
      rejected_by: 'validator',
      reason: 'invalid_signature',
    });
    expect(metadata!.job_rejection_details!.message).toContain(
      `Signatory ${stranger.address} is not in validator whitelist`,
    );
    expect(scene.facilitator.statuses(uuid)).toEqual(['rejected']);
    expect(scene.miner.connections.items).toEqual([]);
  });

  it('a job signed by a whitelisted hotkey is taken', async () => {
    scene.miner.script = wholeJob;
    await scene.start();
    const user = Keypair.generate();
    await scene.place.query('insert into whitelisted_hotkey (hotkey) values ($1)', [user.address]);
    await scene.facilitator.update(await scene.send({}, user), 'completed');
  });

  it.each([
    [
      'without a signature',
      (job: ReturnType<typeof newJob>) => void (job.signature = null),
      'Signature is empty',
    ],
    [
      'that was changed after it was signed',
      (job: ReturnType<typeof newJob>) => void job.args.push('rm'),
      'Bad signature',
    ],
  ])('a job %s is rejected', async (_, change, sentence) => {
    await scene.start();
    const job = newJob(randomUUID(), scene.place.keypair);
    change(job);
    await scene.facilitator.send(job);
    const { metadata } = await scene.facilitator.update(job.uuid, 'rejected');
    expect(metadata!.job_rejection_details!.message).toContain(sentence);
  });

  it('a job that comes twice is driven once', async () => {
    scene.miner.script = wholeJob;
    await scene.start();
    const job = newJob(randomUUID(), scene.place.keypair);
    await scene.facilitator.send(job);
    await scene.facilitator.send(job);
    await scene.facilitator.update(job.uuid, 'completed');
    await scene.facilitator.send(job);
    await scene.facilitator.update(await scene.send(), 'completed');
    expect(scene.facilitator.statuses(job.uuid)).toHaveLength(6);
    expect(scene.miner.initial(job.uuid)).toHaveLength(1);
  });

  it('a job that cannot be read is rejected with the reason', async () => {
    await scene.start();
    const job = newJob(randomUUID(), scene.place.keypair, { executor_class: 'always_on.gpu-9000' as never });
    await scene.facilitator.send(job);
    const { metadata } = await scene.facilitator.update(job.uuid, 'rejected');
    expect(metadata!.job_rejection_details).toMatchObject({ rejected_by: 'validator', reason: 'unknown' });
    expect(metadata!.job_rejection_details!.message).toMatch(
      /^The validator cannot read this job: executor_class/,
    );
  });

  it('a signatory that no database can hold is a stranger, and does not end the link', async () => {
    await scene.start();
    const job = newJob(randomUUID(), scene.place.keypair);
    job.signature!.signatory = 'a\0b';
    await scene.facilitator.send(job);
    await scene.facilitator.update(job.uuid, 'rejected');
    expect(scene.facilitator.logins.items).toHaveLength(1);
  });

  it('a frame that cannot be read does not end the link', async () => {
    scene.miner.script = wholeJob;
    await scene.start();
    await scene.facilitator.send('{"message_type":"V2JobRequest","uuid":5}');
    await scene.facilitator.send('not JSON');
    await scene.facilitator.update(await scene.send(), 'completed');
    expect(scene.facilitator.logins.items).toHaveLength(1);
  });
});
