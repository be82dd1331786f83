import { Keypair } from '@horde/identity';
import { Operators } from '@horde/panel-server';
import { EventReader } from '@horde/testing/event-reader';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { because } from '@horde/testing/missing';
import { PanelClient } from '@horde/testing/panel-client';
import { missingRedis, startRedis, type TestRedis } from '@horde/testing/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startFacilitator, type RunningFacilitator } from './testing/running-facilitator.ts';
import { ask, jobBody, loginBody, nonceOf, postJson, signatureHeaders, tokenOf } from './testing/user.ts';

describe('two facilitators on one database', () => {
  describe('without Redis', () => {
    serve(() => null);
  });
  describe.skipIf(missingRedis !== null)(`with Redis${because(missingRedis)}`, () => {
    let redis: TestRedis;
    beforeAll(async () => void (redis = await startRedis()));
    afterAll(() => redis.stop());
    serve(() => redis);
  });
});

function serve(redis: () => TestRedis | null): void {
  const validatorKey = Keypair.generate();
  let near: RunningFacilitator;
  let far: RunningFacilitator;
  let validator: ScriptedValidator;
  /** Logs in at one replica, and asks the other. */
  let token: string;

  beforeAll(async () => {
    const url = redis()?.url;
    const limits = { maxLoginsPerHotkey: 4, ...(url && { redisUrlSetting: url }) };
    near = await startFacilitator([validatorKey.address], limits);
    const { url: databaseUrl } = near.database.dataSource.options as { url: string };
    far = await startFacilitator([validatorKey.address], { ...limits, databaseUrl });
    validator = await ScriptedValidator.logIn(near.url, validatorKey);
    token = await tokenOf(near.url, near.user);
  });
  afterAll(async () => {
    await far.stop();
    await near.stop();
  });

  afterEach(() => vi.useRealTimers());

  const create = (url: string, text: string, headers: Record<string, string>) =>
    postJson(`${url}/api/v1/job-docker/`, text, { authorization: `Bearer ${token}`, ...headers });
  const statusesAt = async (url: string, uuid: string) => {
    const { json } = await ask(`${url}/api/v1/jobs/${uuid}/`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return (json.status_history as { status: string }[]).map(({ status }) => status);
  };

  it('a job that is created at the one reaches its validator at the other, once, and its statuses come back', async () => {
    const text = JSON.stringify(jobBody(validatorKey.address));
    const headers = signatureHeaders(near.user, text);
    const answers = await Promise.all([far, near, far].map(({ url }) => create(url, text, headers)));
    const uuid = answers[0]!.json.uuid as string;
    expect(answers.map(({ status, json }) => `${status} ${json.uuid}`)).toEqual(Array(3).fill(`201 ${uuid}`));
    expect((await validator.nextJob()).uuid).toBe(uuid);
    await validator.update(uuid, 'received');
    expect(await statusesAt(far.url, uuid)).toEqual(['sent', 'received']);
    expect(await validator.settle()).toEqual([]);
  });

  it('a validator that goes to the other gets there what is created at the first', async () => {
    await validator.leave();
    validator = await ScriptedValidator.logIn(far.url, validatorKey);
    const text = JSON.stringify(jobBody(validatorKey.address));
    const { json } = await create(near.url, text, signatureHeaders(near.user, text));
    expect((await validator.nextJob()).uuid).toBe(json.uuid);
    await validator.update(json.uuid as string, 'received');
    expect(await statusesAt(near.url, json.uuid as string)).toEqual(['sent', 'received']);
  });

  it('a setting that is changed in the panel of the one counts at the other, and pages that are open there hear of it', async () => {
    const account = { name: 'cook', password: 'correct horse battery' };
    await near.app.get(Operators, { strict: false }).create({ ...account, role: 'operate' }, null);
    const operator = await PanelClient.logIn(near.url, account.name, account.password);
    const page = await EventReader.openWith(`${far.url}/admin/api/live`, operator.headers);
    const text = JSON.stringify(jobBody(validatorKey.address, { tag: 'setting' }));
    for (const [value, status] of [
      [false, 400],
      [true, 201],
    ] as const) {
      await operator.change('PUT', 'configuration/ENABLE_ORGANIC_JOBS', { value });
      await page.changed('configuration');
      const created = () => create(far.url, text, signatureHeaders(near.user, text));
      await expect.poll(async () => (await created()).status).toBe(status);
    }
    page.close();
    await validator.nextJob();
  });

  it('a nonce of the one counts at the other, and once', async () => {
    const body = loginBody(near.user, await nonceOf(near.url));
    const logins = await Promise.all([near, far].map(({ url }) => postJson(`${url}/auth/login`, body)));
    expect(logins.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it('logins at both are counted together', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }); // the minute does not end
    const stranger = Keypair.generate();
    await near.allow(stranger.address);
    const login = async ({ url }: RunningFacilitator) =>
      postJson(`${url}/auth/login`, loginBody(stranger, await nonceOf(url)));
    for (let times = 0; times < 4; times++) expect((await login(near)).status).toBe(200);
    expect((await login(near)).status).toBe(429);
    await expect.poll(async () => (await login(far)).status).toBe(429);
    expect((await login(far)).headers.get('retry-after')).toMatch(/^\d+$/);
  });
}
