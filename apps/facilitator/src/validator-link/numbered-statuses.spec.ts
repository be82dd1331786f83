import { Database } from '@horde/database';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { beforeEach, describe, expect, it } from 'vitest';
import { failed, LinkFixture } from '../testing/link-fixture.ts';

const link = new LinkFixture();
const largest = Number.MAX_SAFE_INTEGER;
let validator: ScriptedValidator;
let uuid: string;

const logIn = () => ScriptedValidator.logIn(link.url, link.key, {}, ['durable-1']);
const frame = (status: string) =>
  JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata: null });
/** Sends numbered messages and waits for nothing. */
const say = (...all: [number, string][]) =>
  all.forEach(([number, text]) => validator.sendText(`["message","${uuid}",${number}]\n${text}`));
/** Does something while the job cannot be changed: what is said of it is read, and not committed. */
const whileLocked = (work: () => Promise<void>) =>
  link.get(Database).transaction(async (tx) => {
    await tx.manager.query('select from job where uuid = $1 for update', [uuid]);
    await work();
  });

beforeEach(async () => {
  validator = await logIn();
  uuid = (await link.create()).json.uuid;
  await validator.nextJob();
});

describe('statuses with numbers', () => {
  it('are acknowledged once they are committed, those that came meanwhile together', async () => {
    await whileLocked(async () => {
      say([1, frame('received')]);
      await validator.settle();
      say([4, frame('accepted')], [5, frame('executor_ready')], [9, frame('failed')]);
      expect(await validator.settle()).toEqual([]);
      expect(validator.acknowledged).toEqual([]);
    });
    await expect
      .poll(() => validator.acknowledged)
      .toEqual([
        [uuid, 1],
        [uuid, 9],
      ]);
    expect(await link.statuses(uuid)).toEqual(['sent', 'received', 'accepted', 'executor_ready', 'failed']);
  });

  it('are handled once when the connection was lost with their acknowledgement', async () => {
    await whileLocked(async () => {
      say([3, frame('received')], [4, frame('accepted')]);
      await validator.settle();
      await validator.vanish();
    });
    validator = await logIn();
    say([3, frame('received')], [4, frame('accepted')], [8, frame('executor_ready')]);
    await expect.poll(() => validator.acknowledged.at(-1)).toEqual([uuid, 8]);
    expect(await link.statuses(uuid)).toEqual(['sent', 'received', 'accepted', 'executor_ready']);
    expect(
      await link.query(
        'select from job_status join job on uuid = job_uuid where target_validator_hotkey = $1',
      ),
    ).toHaveLength(4);
  });

  it('may jump, and come again', async () => {
    await validator.number(uuid, 3, frame('received'));
    await validator.number(uuid, largest, frame('accepted'));
    await validator.number(uuid, 3, frame('received'));
    expect(await link.statuses(uuid)).toEqual(['sent', 'received', 'accepted']);
  });

  it('that cannot be read get a complaint, and are acknowledged behind what came before them', async () => {
    await whileLocked(async () => {
      say([1, frame('received')], [2, '{"message_type":"V0Nothing"}']);
      expect(await validator.next()).toMatchObject({ status: 'error' });
      await validator.settle();
      expect(validator.acknowledged).toEqual([]);
    });
    await expect
      .poll(() => validator.acknowledged)
      .toEqual([
        [uuid, 1],
        [uuid, 2],
      ]);
  });

  it('cut the connection when one of them cannot be stored, and none behind it is taken before it', async () => {
    const constraint = `no_${uuid.replaceAll('-', '')}`;
    const { manager } = link.get(Database);
    await manager.query(
      `alter table job_status add constraint ${constraint} check (job_uuid <> '${uuid}' or status <> 'accepted')`,
    );
    say([1, frame('received')], [2, frame('accepted')], [3, frame('executor_ready')]);
    expect((await validator.closed).code).toBe(1011);
    expect(await link.statuses(uuid)).toEqual(['sent', 'received']);
    await manager.query(`alter table job_status drop constraint ${constraint}`);
    validator = await logIn();
    say([1, frame('received')], [2, frame('accepted')], [3, frame('executor_ready')]);
    await expect.poll(() => validator.acknowledged.at(-1)).toEqual([uuid, 3]);
    expect(await link.statuses(uuid)).toEqual(['sent', 'received', 'accepted', 'executor_ready']);
  });

  it('are no more than 64 without an acknowledgement: who sends more is cut off', async () => {
    await whileLocked(async () => {
      for (let number = 1; number <= 65; number++) say([number, frame('received')]);
      expect((await validator.closed).code).toBe(1006);
    });
    await expect.poll(() => link.statuses(uuid)).toEqual(['sent', 'received']);
  });

  it('before the login are dropped', async () => {
    validator = await ScriptedValidator.connect(link.url, {}, ['durable-1']);
    say([1, frame('received')]);
    validator.sendText('{"message_type":"V0Heartbeat"}');
    expect(await validator.next()).toEqual(failed('auth.not_authenticated', 'Not authenticated'));
    expect(await link.statuses(uuid)).toEqual(['sent']);
  });

  it('in a line that is none change nothing', async () => {
    validator.sendText(`["message","${uuid}",1]`);
    expect(await validator.next()).toEqual(
      failed('invalid', 'A frame that begins with "[" has to be one of the durable link.'),
    );
    expect(await link.statuses(uuid)).toEqual(['sent']);
  });
});
