import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import { beforeEach, describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { LinkFixture, success } from '../testing/link-fixture.ts';

const link = new LinkFixture();
/** A job that is larger than what a Python validator reads. */
const large = {
  volumes: [{ volume_type: 'inline', contents: 'x'.repeat(1024 * 1024), relative_path: null }],
};

describe('a job is delivered', () => {
  it('again to the next connection, until a status of it has arrived', async () => {
    const first = await ScriptedValidator.logIn(link.url, link.key);
    const { uuid } = (await link.create()).json;
    expect((await first.nextJob()).uuid).toBe(uuid);
    await first.leave();
    const second = await ScriptedValidator.logIn(link.url, link.key);
    expect((await second.nextJob()).uuid).toBe(uuid);
    expect(await second.update(uuid, 'received')).toEqual(success);
    await second.leave();
    const third = await ScriptedValidator.logIn(link.url, link.key);
    const { uuid: next } = (await link.create()).json;
    expect((await third.nextJob()).uuid).toBe(next);
  });

  it('to the newest of two connections alone, and to the older one when that has gone', async () => {
    const older = await ScriptedValidator.logIn(link.url, link.key);
    const newer = await ScriptedValidator.logIn(link.url, link.key);
    const { uuid } = (await link.create()).json;
    expect((await newer.nextJob()).uuid).toBe(uuid);
    expect(await older.settle()).toEqual([]);
    await newer.update(uuid, 'received');
    await newer.leave();
    await link.channels(1);
    const { uuid: next } = (await link.create()).json;
    const got = await older.nextJob();
    // A look for the first job that ends only when the newer one has gone brings that, too: validators know it by then.
    expect((got.uuid === uuid ? await older.nextJob() : got).uuid).toBe(next);
  });

  it('by the replica that has the connection, whichever was asked to create it', async () => {
    const replica = await link.replica();
    const validator = await ScriptedValidator.logIn(replica.url, link.key);
    const { uuid } = (await link.create()).json;
    expect((await validator.nextJob()).uuid).toBe(uuid);
    await replica.stop();
  });

  it('by another replica, when the one that took it has ended before it could be sent', async () => {
    await (await ScriptedValidator.logIn(link.url, link.key)).leave();
    await link.channels(0);
    const replica = await link.replica();
    const { uuid } = (await link.create({}, replica.url)).json;
    await replica.stop();
    const validator = await ScriptedValidator.logIn(link.url, link.key);
    expect((await validator.nextJob()).uuid).toBe(uuid);
  });

  it('to the next connection, when the replica that has the newest one has crashed', async () => {
    const older = await ScriptedValidator.logIn(link.url, link.key);
    await link.query(
      `insert into channel (id, validator_hotkey, largest_frame) values (gen_random_uuid(), $1, 1000000)`,
    );
    const { uuid } = (await link.create()).json;
    expect(await older.settle()).toEqual([]);
    const next = await ScriptedValidator.logIn(link.url, link.key);
    expect((await next.nextJob()).uuid).toBe(uuid);
  });

  it('to an older connection after its next heartbeat, when the newest one at another replica has ended', async () => {
    const older = await ScriptedValidator.logIn(link.url, link.key);
    const replica = await link.replica();
    await ScriptedValidator.logIn(replica.url, link.key);
    await replica.stop();
    const { uuid } = (await link.create()).json;
    older.sendText('{"message_type":"V0Heartbeat"}');
    expect((await older.nextJob()).uuid).toBe(uuid);
  });

  it('to a Python validator only when it can read it', async () => {
    const python = await ScriptedValidator.logIn(link.url, link.key, {
      'User-Agent': 'Python/3.11 websockets/14.2',
    });
    expect(await link.create(large)).toMatchObject({
      status: 400,
      json: [expect.stringContaining('its validator reads at most 1048576')],
    });
    await python.leave();
    const ours = await ScriptedValidator.logIn(link.url, link.key);
    const { uuid } = (await link.create(large)).json;
    await ours.nextJob();
    await ours.leave();
    const back = await ScriptedValidator.logIn(link.url, link.key, {
      'User-Agent': 'Python/3.11 websockets/14.2',
    });
    const { uuid: small } = (await link.create()).json;
    expect((await back.nextJob()).uuid).toBe(small);
    expect(await link.read(uuid)).toMatchObject({
      status: 'Failed',
      status_history: [
        { status: 'sent' },
        { status: 'horde_failed', metadata: { horde_failure_details: { reported_by: 'facilitator' } } },
      ],
    });
  });
});

it('a job for a validator that restarts is taken, if it reads it, and delivered: the fault that there was none', async () => {
  const python = await ScriptedValidator.logIn(link.url, link.key, {
    'User-Agent': 'Python/3.11 websockets/14.2',
  });
  await python.leave();
  await link.channels(0);
  expect((await link.create(large)).json).toEqual([expect.stringContaining('reads at most 1048576')]);
  const ours = await ScriptedValidator.logIn(link.url, link.key);
  await ours.leave();
  await link.channels(0);
  const { uuid } = (await link.create(large)).json;
  const back = await ScriptedValidator.logIn(link.url, link.key);
  expect((await back.nextJob()).uuid).toBe(uuid);
  await back.leave();
  await link.channels(0);
  await link.query(`update validator set last_seen = now() - interval '61 seconds' where hotkey = $1`);
  expect(await link.create()).toMatchObject({
    status: 400,
    json: [expect.stringContaining('is not connected; it was last seen at')],
  });
});

describe('a job that its user cancels', () => {
  const cancel = (uuid: string) => ({
    message_type: 'V0CancelJobRequest',
    job_uuid: uuid,
    cancelled_by: 'the user',
    message: null,
  });
  const metadata = {
    job_failure_details: {
      reason: 'unknown',
      stage: 'execution',
      message: 'Cancelled by the user.',
      context: { cancelled_by: 'the user' },
    },
  };
  const connect = () => ScriptedValidator.logIn(link.url, link.key, {}, ['cancel-1']);
  let validator: ScriptedValidator;
  let uuid: string;
  beforeEach(async () => {
    validator = await connect();
    uuid = (await link.create()).json.uuid;
    await validator.nextJob();
  });

  it('is cancelled by its validator, which is told once, whichever replica was asked', async () => {
    await validator.update(uuid, 'accepted');
    expect(await link.cancel(uuid)).toMatchObject({ status: 202, json: { uuid, status: 'Accepted' } });
    expect(await validator.next()).toEqual(cancel(uuid));
    expect((await link.cancel(uuid.toUpperCase())).status).toBe(202);
    expect(await validator.update(uuid, 'executor_ready')).toEqual(success);
    expect(await validator.settle()).toEqual([]);
    expect(await validator.update(uuid, 'failed', metadata)).toEqual(success);
    expect(await link.cancel(uuid)).toMatchObject({
      status: 202,
      json: { status: 'Failed', status_history: { 3: { metadata } } },
    });
    expect(await link.query('select from outbox where peer = $1')).toEqual([]);
  });

  it('although the validator is away is cancelled when it is back', async () => {
    await validator.leave();
    await link.channels(0);
    expect((await link.cancel(uuid)).status).toBe(202);
    const older = await ScriptedValidator.logIn(link.url, link.key);
    expect((await older.nextJob()).uuid).toBe(uuid);
    expect(await older.update(uuid, 'received')).toEqual(success);
    expect(await older.settle()).toEqual([]);
    const back = await connect();
    expect(await back.next()).toEqual(cancel(uuid));
  });

  it('has to be there, and not to have ended, and its validator has to know how to', async () => {
    for (const [of, who] of [[randomUUID()], ['x'], [uuid, Keypair.generate().address]] as const)
      expect((await link.cancel(of, who)).status).toBe(404);
    const python = await ScriptedValidator.logIn(link.url, link.key);
    expect(await link.cancel(uuid)).toMatchObject({
      status: 409,
      json: [`The job cannot be cancelled: its validator ${link.key.address} does not know how to.`],
    });
    await python.nextJob();
    await python.update(uuid, 'completed', {
      miner_response: { docker_process_stderr: '', docker_process_stdout: '' },
    });
    expect(await link.cancel(uuid)).toMatchObject({
      status: 409,
      json: ['The job has ended already: Completed.'],
    });
  });
});
