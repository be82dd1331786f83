import { GenericError, MainHotkey, make } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;
const now = () => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 2, 'always_on.gpu-24gb': 1 }));
});
afterAll(() => miner.close());

describe('a validator that authenticates', () => {
  it('is told the manifest', async () => {
    const connection = await (await miner.validator()).login();
    expect(connection.frames).toEqual([
      {
        message_type: 'V0ExecutorManifestRequest',
        manifest: { 'always_on.test': 2, 'always_on.gpu-24gb': 1 },
      },
    ]);
    await connection.close();
  });

  it('may do so twice on one connection, and is told nothing again', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    await connection.send(validator.auth());
    await connection.settled();
    expect(connection.types()).toEqual(['V0ExecutorManifestRequest', 'GenericError']);
    await connection.close();
  });

  it('may have sent its first messages before: they are handled then', async () => {
    const validator = await miner.validator();
    const connection = await validator.connect();
    await connection.send(make(MainHotkey, {}));
    await connection.send(validator.auth());
    expect(await connection.next('V0MainHotkeyMessage')).toMatchObject({ main_hotkey: miner.hotkey });
    expect(connection.types()).toEqual(['V0ExecutorManifestRequest', 'V0MainHotkeyMessage']);
    await connection.close();
  });

  it('may do so twice on one connection: what it had sent before is handled once', async () => {
    const validator = await miner.validator();
    const connection = await validator.connect();
    await connection.send(make(MainHotkey, {}));
    await connection.send(validator.auth());
    await connection.next('V0MainHotkeyMessage');
    await connection.send(validator.auth());
    await connection.settled();
    expect(connection.types()).toEqual(['V0ExecutorManifestRequest', 'V0MainHotkeyMessage', 'GenericError']);
    await connection.close();
  });

  it('may do so again after a refusal, on the same connection', async () => {
    const validator = await miner.validator();
    const connection = await validator.connect();
    await connection.send(validator.auth({ timestamp: now() - 60 }));
    await connection.send(validator.auth());
    await connection.next('V0ExecutorManifestRequest');
    expect(connection.types()).toEqual(['GenericError', 'V0ExecutorManifestRequest']);
    await connection.close();
  });
});

describe('an authentication is refused, and the connection stays open and silent,', () => {
  const refused = async (
    validator: ReturnType<typeof miner.stranger>,
    changes: Parameters<typeof validator.auth>[0] = {},
  ) => {
    const connection = await validator.connect();
    await connection.send(validator.auth(changes));
    const { details } = await connection.next('GenericError');
    await connection.send(make(MainHotkey, {}));
    // Answered after the main hotkey would have been.
    await connection.settled();
    expect(connection.connection.isOpen).toBe(true);
    expect(connection.types()).toEqual(['GenericError', 'GenericError']);
    await connection.close();
    return details;
  };

  it('when it is older than ten seconds', async () => {
    expect(await refused(await miner.validator(), { timestamp: now() - 13 })).toMatch(/13 s old/);
  });

  it('when it is more than ten seconds ahead', async () => {
    expect(await refused(await miner.validator(), { timestamp: now() + 15 })).toMatch(/s ahead/);
  });

  it('when it is for another miner', async () => {
    const other = miner.stranger().hotkey;
    expect(await refused(await miner.validator(), { miner_hotkey: other })).toMatch(`for the miner ${other}`);
  });

  it('when it is of another validator than the path names', async () => {
    expect(
      await refused(await miner.validator(), { validator_hotkey: (await miner.validator()).hotkey }),
    ).toMatch(/path names/);
  });

  it.each(['0x' + '0'.repeat(128), 'nonsense', ''])('when its signature is %j', async (signature) => {
    expect(await refused(await miner.validator(), { signature })).toMatch(/signature .* not valid/);
  });

  it('when nobody knows the validator', async () => {
    expect(await refused(miner.stranger())).toMatch(/knows no validator/);
  });

  it('when the validator is no longer active', async () => {
    const validator = await miner.validator();
    await miner.query('update validator set active = false where hotkey = $1', validator.hotkey);
    expect(await refused(validator)).toMatch(/not active/);
  });

  it('when it was used before, in either case of its letters', async () => {
    const validator = await miner.validator();
    const auth = validator.auth();
    const first = await validator.connect();
    await first.send(auth);
    await first.next('V0ExecutorManifestRequest');
    expect(await refused(validator, auth)).toMatch(/used before/);
    expect(
      await refused(validator, { ...auth, signature: `0x${auth.signature.slice(2).toUpperCase()}` }),
    ).toMatch(/used before/);
    await first.close();
  });
});

describe('a connection that has not authenticated', () => {
  it('is sent nothing of its hotkey’s jobs, whoever it is', async () => {
    const validator = await miner.validator();
    const owner = await validator.login();
    const thief = await validator.connect();
    await thief.send(make(GenericError, {}));
    await owner.send(validator.initial());
    await owner.next('V0AcceptJobRequest');
    // After a moment a connection that names no job hears of all of them, if it has authenticated.
    const another = await validator.login();
    await another.next('V0AcceptJobRequest');
    expect(thief.frames).toEqual([]);
    for (const connection of [thief, owner, another]) await connection.close();
  });

  it('is not listened to after sixteen frames', async () => {
    const validator = await miner.validator();
    const connection = await validator.connect();
    for (let i = 0; i < 16; i++) await connection.connection.sendText('not json');
    await connection.send(validator.auth());
    for (let i = 0; i < 16; i++) await connection.next('GenericError');
    const other = await validator.login();
    expect(connection.frames).toHaveLength(16);
    await connection.close();
    await other.close();
  });
});

it('a frame that is no message gets one error, and the next good one is handled', async () => {
  const connection = await (await miner.validator()).login();
  await connection.connection.sendText('{"message_type":"V0JobRequest"}');
  await connection.send(make(MainHotkey, {}));
  expect((await connection.next('GenericError')).details).toMatch(/job_uuid: is required/);
  await connection.next('V0MainHotkeyMessage');
  await connection.close();
});

describe('a frame that cannot be read', () => {
  it('is answered briefly, and not sent back', async () => {
    const connection = await (await miner.validator()).login();
    const secret = 'hunter2'.repeat(2_000);
    for (const frame of [
      `{"message_type":"V0JobRequest","job_uuid":"${secret}"}`,
      `{"message_type":"${secret}"}`,
      `{"${secret}":`,
      JSON.stringify({ message_type: 'V0JobRequest', docker_run_cmd: Array(10_000).fill(1), job_uuid: 1 }),
    ]) {
      await connection.connection.sendText(frame);
      const { details } = await connection.next('GenericError');
      expect((details as string).length).toBeLessThanOrEqual(300);
      expect(details).not.toMatch('hunter2hunter2');
    }
  });

  it('because its executor class is unknown is a request that is declined, with a reason', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    const { job_uuid, ...rest } = validator.initial();
    const text = (executor_class: unknown) => JSON.stringify({ ...rest, job_uuid, executor_class });
    await connection.connection.sendText(text('always_on.quantum'));
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
      job_uuid,
      reason: 'busy',
      message: 'This miner offers no executor of class always_on.quantum.',
    });
    await connection.connection.sendText(text('q'.repeat(100_000)));
    expect(((await connection.next('V0DeclineJobRequest'))['message'] as string).length).toBeLessThan(150);
    await connection.connection.sendText(text(7));
    expect((await connection.next('GenericError')).details).toMatch(/executor_class/);
  });
});

it('a connection is listened to while an executor is being started for it', async () => {
  miner.manager.startsHang = true;
  const { connection } = await (await miner.validator()).accepted();
  await connection.send(make(MainHotkey, {}));
  await connection.next('V0MainHotkeyMessage');
  miner.manager.startsHang = false;
});

it('an unknown path is no websocket', async () => {
  const { Peer } = await import('@horde/testing/peer');
  await expect(Peer.connect(`${miner.url}/v0.1/nobody/x`)).rejects.toThrow('404');
});
