import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Health } from '@horde/operations';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
let second: ScriptedFacilitator;

beforeEach(async () => {
  second = new ScriptedFacilitator(scene.place.keypair.address);
  await second.start();
});
afterEach(() => second.stop());

const both = () => ({ FACILITATOR_URI: `${scene.facilitator.uri}, ${second.uri}` });

describe('several facilitators', () => {
  it('send jobs, and each hears of its own alone', async () => {
    scene.miner.script = wholeJob;
    await scene.start(both());
    const first = await scene.send();
    await scene.facilitator.update(first, 'completed');
    const other = newJob(randomUUID(), scene.place.keypair);
    await second.send(other);
    await second.update(other.uuid, 'completed');
    expect(new Set(scene.facilitator.updates.items.map(({ uuid }) => uuid))).toEqual(new Set([first]));
    expect(new Set(second.updates.items.map(({ uuid }) => uuid))).toEqual(new Set([other.uuid]));
    expect(
      await scene.place.query(
        'select uuid, facilitator from job where uuid = any ($1) order by received_at',
        [[first, other.uuid]],
      ),
    ).toEqual([
      { uuid: first, facilitator: scene.facilitator.uri },
      { uuid: other.uuid, facilitator: second.uri },
    ]);
  });

  it('are served each although another is away', async () => {
    scene.miner.script = wholeJob;
    const uris = both();
    await second.stop();
    await scene.start(uris);
    await scene.facilitator.update(await scene.send(), 'completed');
    second.extensions = ['login-1'];
    await second.start();
    const job = newJob(randomUUID(), scene.place.keypair);
    await second.send(job);
    await second.update(job.uuid, 'completed');
    // What it has signed for the one counts at no other.
    expect(scene.facilitator.login?.message_type).toBe('V0AuthenticationRequest');
    expect(second.login).toMatchObject({
      message_type: 'V0FreshLogin',
      facilitator: new URL(second.uri).host,
    });
  });
});

describe('of several processes on one database', () => {
  const linkHealth = async (validator: INestApplication) =>
    (await validator.get(Health).report()).checks['facilitator link'];

  it('one serves a facilitator, and another when it lets go: the fault that all did, and each update went out twice', async () => {
    scene.miner.script = wholeJob;
    const first = await scene.start();
    await scene.facilitator.logins.first(() => true);
    const next = await scene.start();
    await expect.poll(() => linkHealth(next)).toContain('Another process of this validator serves it');
    expect((await next.get(Health).report()).ready).toBe(true);
    const job = await scene.send();
    await scene.facilitator.update(job, 'completed');
    await expect.poll(() => scene.waiting(job)).toBe(0);
    const statuses = scene.facilitator.statuses(job);
    expect(statuses).toEqual([...new Set(statuses)]);
    const [login] = scene.facilitator.logins.items;
    const closing = first.close();
    const sent: string[] = [];
    for (let i = 0; i < 50; i++) {
      const job = newJob(randomUUID(), scene.place.keypair);
      if (await login!.send(job)) sent.push(job.uuid);
    }
    await closing;
    await scene.facilitator.logins.first((connection) => connection.isOpen);
    expect(scene.facilitator.logins.items).toHaveLength(2);
    await expect.poll(() => linkHealth(next)).toBe('ok');
    for (const uuid of sent) await scene.facilitator.update(uuid, 'received');
  });
});

it('updates from the time of one facilitator go to the first', async () => {
  const uuid = randomUUID();
  const first = await scene.start();
  await first.close();
  await scene.place.query(
    `insert into job (uuid, request, executor_class, status, ended_at, facilitator)
     values ($1, '{}', '', 'rejected', now(), 'facilitator')`,
    [uuid],
  );
  const frame = JSON.stringify({
    message_type: 'V0JobStatusUpdate',
    uuid,
    status: 'rejected',
    metadata: null,
  });
  await scene.place.query(
    `insert into outbox (peer, subject, type, frame) values ('facilitator', $1, 'V0JobStatusUpdate', $2)`,
    [uuid, frame],
  );
  await scene.start(both());
  await scene.facilitator.update(uuid, 'rejected');
  expect(second.updates.items).toEqual([]);
});

describe('a signature', () => {
  const rejection = async (uuid: string) =>
    (await scene.facilitator.update(uuid, 'rejected')).metadata!.job_rejection_details!;

  it('counts for six jobs, and for no seventh, whoever sends it: the fault that signed jobs could be replayed', async () => {
    await scene.start({ ...both(), JOB_MAX_MINERS: '1' });
    const job = newJob(randomUUID(), scene.place.keypair);
    for (let again = 0; again < 6; again++) {
      job.uuid = randomUUID();
      await scene.facilitator.send(job);
      await scene.facilitator.update(job.uuid, 'received');
    }
    job.uuid = randomUUID();
    await second.send(job);
    const { metadata } = await second.update(job.uuid, 'rejected');
    expect(metadata!.job_rejection_details).toMatchObject({
      rejected_by: 'validator',
      reason: 'invalid_signature',
    });
    expect(metadata!.job_rejection_details!.message).toContain('has been used');
  });

  it.each([
    ['older than JOB_MAX_AGE', -11],
    ['of a time that is far ahead', 65],
  ])('%s does not count', async (_when, seconds) => {
    await scene.start({ JOB_MAX_AGE: '10' });
    const job = newJob(randomUUID(), scene.place.keypair, {}, Date.now() + seconds * 1_000);
    await scene.facilitator.send(job);
    expect(await rejection(job.uuid)).toMatchObject({
      reason: 'invalid_signature',
      message: expect.stringContaining('Signature') as string,
    });
  });
});
