import { Keypair } from '@horde/identity';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { jobBody, postJson, signatureHeaders, tokenOf, type Answer } from '../testing/user.ts';
import { JobRetention } from './job-retention.ts';

const validatorKey = Keypair.generate();
let facilitator: RunningFacilitator;
let replica: RunningFacilitator;
let validator: ScriptedValidator;
let token: string;

beforeAll(async () => {
  facilitator = await startFacilitator([validatorKey.address]);
  const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
  replica = await startFacilitator([validatorKey.address], { databaseUrl });
  token = await tokenOf(facilitator.url, facilitator.user);
  validator = await ScriptedValidator.logIn(facilitator.url, validatorKey);
});
afterAll(async () => {
  await replica.stop();
  await facilitator.stop();
});

interface Sent {
  url?: string;
  user?: Keypair;
  token?: string;
  args?: string[];
  headers?: Record<string, string>;
}

/** Each request is signed anew. */
function create(key: string, sent: Sent = {}): Promise<Answer> {
  const { url = facilitator.url, user = facilitator.user, args = ['a'], headers } = sent;
  const text = JSON.stringify(jobBody(validatorKey.address, { args }));
  return postJson(`${url}/api/v1/job-docker/`, text, {
    authorization: `Bearer ${sent.token ?? token}`,
    ...signatureHeaders(user, text),
    'idempotency-key': key,
    ...headers,
  });
}

const query = (sql: string) => facilitator.database.manager.query<unknown[]>(sql);

describe('a creation that is sent again with its Idempotency-Key, signed anew,', () => {
  it('is the same job, at any replica, and the validator gets it once', async () => {
    const first = await create('again');
    expect(first.status).toBe(201);
    const again = await create('again', { url: replica.url });
    expect(again).toMatchObject({ status: 201, json: { uuid: first.json.uuid } });
    expect((await validator.nextJob()).uuid).toBe(first.json.uuid);
    expect(await validator.settle()).toEqual([]);
  });

  it('at two replicas at once makes one job', async () => {
    const before = (await query('select from job')).length;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => create('race', n % 2 ? { url: replica.url } : {})),
    );
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect((await query('select from job')).length).toBe(before + 1);
    const { json } = await create('race');
    for (const answer of answers.filter(({ status }) => status === 201))
      expect(answer.json.uuid).toBe(json.uuid);
  });

  it('while the first is being handled hears that, and when to come again', async () => {
    const blocked = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    const first = await facilitator.database.transaction(async ({ manager }) => {
      await manager.query('select from validator for update'); // the job refers to its validator
      const handled = create('busy');
      await expect.poll(() => query(blocked)).toHaveLength(1);
      const second = await create('busy', { url: replica.url });
      expect(second).toMatchObject({
        status: 409,
        json: { detail: expect.stringContaining('is being handled') },
      });
      expect(second.headers.get('retry-after')).toBe('1');
      return { handled };
    });
    const { status, json } = await first.handled;
    expect(status).toBe(201);
    expect(await create('busy')).toMatchObject({ status: 201, json: { uuid: json.uuid } });
  });

  it('is another job after 24 hours', async () => {
    const first = await create('old');
    await query(`update idempotency_key set expires_at = now() - interval '1 s' where key = 'old'`);
    const second = await create('old');
    expect(second.status).toBe(201);
    expect(second.json.uuid).not.toBe(first.json.uuid);
    await query(`update idempotency_key set expires_at = now() - interval '1 s' where key = 'old'`);
    await facilitator.app.get(JobRetention).evict();
    expect(await query(`select from idempotency_key where key = 'old'`)).toEqual([]);
  });
});

describe('an Idempotency-Key', () => {
  it('is refused for another job, and says which one it has created', async () => {
    const { json } = await create('other', { args: ['a'] });
    expect(await create('other', { args: ['b'] })).toMatchObject({
      status: 422,
      json: [expect.stringContaining(json.uuid as string)],
    });
  });

  it('of another user is another key', async () => {
    const other = Keypair.generate();
    const first = await create('shared');
    const theirs = await create('shared', { user: other, token: await facilitator.allow(other.address) });
    expect(theirs.status).toBe(201);
    expect(theirs.json.uuid).not.toBe(first.json.uuid);
  });

  it('tells nothing to who has no login or has not signed', async () => {
    await create('mine');
    expect((await create('mine', { token: 'x' })).status).toBe(401);
    const headers = { 'x-ch-signature': Buffer.alloc(64, 1).toString('base64') };
    expect(await create('mine', { headers })).toMatchObject({
      status: 400,
      json: { error: 'Invalid signature provided' },
    });
  });

  it.each([['x'.repeat(256)], ['\u00e4'], ['a\tb'], ['']])('of %j is refused', async (key) => {
    expect(await create(key)).toMatchObject({
      status: 400,
      json: [expect.stringContaining('1 to 255 printable characters')],
    });
  });
});
