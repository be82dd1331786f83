import { describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { LinkFixture, success } from '../testing/link-fixture.ts';

const link = new LinkFixture();

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
    expect((await older.nextJob()).uuid).toBe(next);
  });

  it('by the replica that has the connection, whichever was asked to create it', async () => {
    const replica = await link.replica();
    const validator = await ScriptedValidator.logIn(replica.url, link.key);
    const { uuid } = (await link.create()).json;
    expect((await validator.nextJob()).uuid).toBe(uuid);
    await replica.stop();
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
    const large = { args: ['x'.repeat(1024 * 1024)] };
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
