import { Keypair } from '@horde/identity';
import { extensions, facilitatorValidatorExtensions, type Extension } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import {
  freshLoginFrame,
  loginFrame,
  ScriptedValidator,
} from '@horde/testing/facilitator-validator/scripted-validator';
import { failed, LinkFixture, success } from '../testing/link-fixture.ts';
import { ValidatorDirectory } from '../validators/validator-directory.ts';

const link = new LinkFixture();

describe('a connection', () => {
  it('of an active validator is accepted, and its versions noted', async () => {
    await ScriptedValidator.logIn(link.url, link.key, {
      'X-Validator-Version': 'v1',
      'X-Validator-Runner-Version': 'r1',
    });
    expect(await link.query('select version, runner_version from validator where hotkey = $1')).toEqual([
      { version: 'v1', runner_version: 'r1' },
    ]);
  });

  it('speaks the extensions that both ends know, and every replica is told', async () => {
    const validator = await ScriptedValidator.logIn(link.url, link.key, {}, extensions);
    expect(validator.extensions).toEqual(facilitatorValidatorExtensions);
    expect(await link.query('select extensions from channel where validator_hotkey = $1')).toEqual([
      { extensions: facilitatorValidatorExtensions },
    ]);
  });

  it.each<[string, () => string, object, number]>([
    [
      'of a hotkey that is no validator',
      () => loginFrame(Keypair.generate()),
      failed('auth.validator_not_found', 'Validator not found'),
      3001,
    ],
    [
      'with a key that is no hexadecimal',
      () => loginFrame(link.key).replace(/"public_key":"../, '"public_key":"zz'),
      failed('auth.validator_not_found', 'Validator not found'),
      3001,
    ],
    [
      'with a wrong signature',
      () => loginFrame(link.key, Keypair.generate().signHex(link.key.publicKey)),
      failed('auth.signature_invalid', 'Invalid signature'),
      3000,
    ],
    [
      'with a signature that is none',
      () => loginFrame(link.key, 'x'),
      failed('auth.signature_invalid', 'Invalid signature'),
      3000,
    ],
  ])('%s is told why and closed', async (_name, frame, answer, code) => {
    const validator = await ScriptedValidator.connect(link.url);
    validator.sendText(frame());
    expect(await validator.next()).toEqual(answer);
    expect((await validator.closed).code).toBe(code);
  });

  it('is closed when its validator has eight newer ones', async () => {
    const connect = () => ScriptedValidator.logIn(link.url, link.key);
    const oldest = await connect();
    const others = [];
    for (let count = 0; count < 8; count++) others.push(await connect());
    expect((await oldest.closed).code).toBe(1008);
    const { uuid } = (await link.create()).json;
    expect((await others.at(-1)!.nextJob()).uuid).toBe(uuid);
    expect(await others[0]!.settle()).toEqual([]);
    for (const one of others) await one.leave();
  });

  it('may not do anything before it has logged in, nor log in twice', async () => {
    const validator = await ScriptedValidator.connect(link.url);
    validator.sendText('{"message_type":"V0Heartbeat"}');
    expect(await validator.next()).toEqual(failed('auth.not_authenticated', 'Not authenticated'));
    validator.sendText(loginFrame(link.key));
    expect(await validator.next()).toEqual(success);
    validator.sendText(loginFrame(link.key));
    expect(await validator.next()).toEqual(failed('auth.already_authenticated', 'Already authenticated'));
  });

  it('that sends much before it has logged in is closed', async () => {
    const validator = await ScriptedValidator.connect(link.url);
    validator.sendText(`{"message_type":"V0Heartbeat"}${' '.repeat(5_000)}`);
    expect((await validator.closed).code).toBe(1009);
  });

  it.each([
    ['{', 'This is not valid JSON'],
    ['{"message_type":"V0Nothing"}', 'message_type: must be one of'],
    ['{"message_type":"V0Heartbeat","extra":1}', 'extra: is not a known field'],
  ])('that sends %s hears what is wrong and stays', async (frame, sentence) => {
    const validator = await ScriptedValidator.logIn(link.url, link.key);
    validator.sendText(frame);
    expect(await validator.next()).toMatchObject({
      status: 'error',
      errors: [{ msg: expect.stringContaining(sentence) }],
    });
    expect(await validator.update(Keypair.generate().address, 'received')).toEqual(
      failed('job.not_found', 'Job not found'),
    );
  });

  it('of a validator that has left the chain is closed', async () => {
    const validator = await ScriptedValidator.logIn(link.url, link.key);
    await link.deregister();
    expect((await validator.closed).code).toBe(3001);
    expect((await link.create()).json).toEqual([
      `Could not select Validator: ${link.key.address} is no longer an active validator of this subnet.`,
    ]);
  });

  it('of a validator that another replica has deactivated is closed at its next heartbeat', async () => {
    const validator = await ScriptedValidator.logIn(link.url, link.key);
    await link.query('update validator set active = false where hotkey = $1');
    validator.sendText('{"message_type":"V0Heartbeat"}');
    expect((await validator.closed).code).toBe(3001);
  });

  it('counts for three minutes after its last heartbeat', async () => {
    const validator = await ScriptedValidator.logIn(link.url, link.key);
    await link.query(
      `update channel set last_heartbeat = now() - interval '181 seconds' where validator_hotkey = $1`,
    );
    expect((await link.create()).json).toEqual([
      expect.stringMatching(
        `^Could not select Validator: ${link.key.address} is not connected; it was last seen at 20.*Z[.]$`,
      ),
    ]);
    validator.sendText('{"message_type":"V0Heartbeat"}');
    await validator.settle();
    expect((await link.create()).status).toBe(201);
  });

  it('is closed with a code after which a Python validator connects again, when the service stops', async () => {
    const replica = await link.replica();
    const validator = await ScriptedValidator.logIn(replica.url, link.key);
    await replica.stop();
    expect((await validator.closed).code).toBe(1012);
    expect(await link.query('select from channel where validator_hotkey = $1')).toEqual([]);
  });
});

describe('a login that somebody has overheard', () => {
  /** Logs in with a frame as it is, and returns whether that was taken. */
  const replay = async (frame: string, spoken: Extension[] = []) => {
    const thief = await ScriptedValidator.connect(link.url, {}, spoken);
    thief.sendText(frame);
    const { status } = await thief.next();
    if (status === 'success') return true;
    expect((await thief.closed).code).toBe(3000);
    return false;
  };
  const host = () => new URL(link.url).host;

  it('on login-1 counts for nobody else, here and elsewhere, now and later', async () => {
    const frame = freshLoginFrame(link.key, host());
    expect(await replay(frame, ['login-1'])).toBe(true);
    const replica = await link.replica({ publicHosts: [host()] });
    for (const at of [link.url, replica.url]) {
      const thief = await ScriptedValidator.connect(at, {}, ['login-1']);
      thief.sendText(frame);
      expect(await thief.next()).toEqual(failed('auth.signature_invalid', 'Invalid signature'));
    }
    const elsewhere = await ScriptedValidator.connect(replica.url, {}, ['login-1']);
    elsewhere.sendText(freshLoginFrame(link.key, 'thief.example'));
    expect(await elsewhere.next()).toMatchObject({
      errors: [{ help: expect.stringContaining('is for a facilitator at thief.example') }],
    });
    await ScriptedValidator.logIn(link.url, link.key, {}, ['login-1']);
    await replica.stop();
    for (const seconds of [-70n, 70n]) {
      const timestamp_ns = (BigInt(Date.now()) + seconds * 1_000n) * 1_000_000n;
      expect(await replay(freshLoginFrame(link.key, host(), { timestamp_ns }), ['login-1'])).toBe(false);
    }
    const { signature } = JSON.parse(frame) as { signature: string };
    expect(await replay(freshLoginFrame(link.key, host(), { signature }), ['login-1'])).toBe(false);
  });

  it('of plain v0 counts for nobody while the validator logs in with login-1, and ends what it has opened', async () => {
    const overheard = loginFrame(link.key);
    const thief = await ScriptedValidator.logIn(link.url, link.key);
    const validator = await ScriptedValidator.logIn(link.url, link.key, {}, ['login-1']);
    expect((await thief.closed).code).toBe(1008);
    expect(await replay(overheard)).toBe(false);
    expect(await replay(overheard, ['login-1'])).toBe(false);
    const { uuid } = (await link.create()).json;
    expect((await validator.nextJob()).uuid).toBe(uuid);
    await validator.leave();
    await link.channels(0);
    expect(await replay(overheard)).toBe(false);
    // A Python validator may take the place of ours.
    await link.query(`update validator set last_seen = now() - interval '11 minutes' where hotkey = $1`);
    expect(await replay(overheard)).toBe(true);
  });

  it('counts for no other hotkey', async () => {
    const other = Keypair.generate();
    await link.register(other);
    const { signature } = JSON.parse(loginFrame(link.key)) as { signature: string };
    expect(await replay(loginFrame(other, signature))).toBe(false);
    await link.deregister();
  });
});

describe('a validator that was refused and is let in by hand', () => {
  const pin = (hotkey: string) => link.get(ValidatorDirectory).pin(hotkey);
  const createFor = (hotkey: string) => link.create({ target_validator_hotkey: hotkey });

  it('gets jobs from that moment on, and has them with its next try', async () => {
    const key = Keypair.generate();
    const early = await ScriptedValidator.connect(link.url);
    early.sendText(loginFrame(key));
    await early.closed;
    expect((await createFor(key.address)).status).toBe(400);
    await pin(key.address);
    const { status, json } = await createFor(key.address);
    expect(status).toBe(201);
    const validator = await ScriptedValidator.logIn(link.url, key);
    expect((await validator.nextJob()).uuid).toBe(json.uuid);
    await validator.leave();
    await link.channels(0, key.address);
    await link.query(`update validator set last_seen = now() - interval '61 seconds' where $1 <> ''`);
    expect((await createFor(key.address)).json).toEqual([expect.stringContaining('it was last seen at')]);
  });

  it('gets none when somebody else has tried with its hotkey', async () => {
    const key = Keypair.generate();
    const other = await ScriptedValidator.connect(link.url);
    other.sendText(loginFrame(key, Keypair.generate().signHex(key.publicKey)));
    await other.closed;
    await pin(key.address);
    expect((await createFor(key.address)).json).toEqual([
      `Could not select Validator: ${key.address} has not connected to this facilitator yet.`,
    ]);
  });
});

it('a validator that is refused again and again leaves one line a minute, with what to do', async () => {
  const key = Keypair.generate();
  for (let times = 0; times < 3; times++) {
    const validator = await ScriptedValidator.connect(link.url, { 'X-Real-IP': '203.0.113.9' });
    validator.sendText(loginFrame(key));
    await validator.closed;
  }
  const lines = link.log.filter(({ hotkey }) => hotkey === key.address);
  expect(lines).toMatchObject([
    {
      level: 'warn',
      from: '203.0.113.9',
      msg: 'a validator was refused: Validator not found',
      help: expect.stringContaining(`debug_add_validator ${key.address}`),
    },
  ]);
});
