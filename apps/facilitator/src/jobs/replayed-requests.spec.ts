import { Keypair } from '@horde/identity';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { jobBody, postJson, signatureHeaders, tokenOf, type Answer } from '../testing/user.ts';
import { JobRetention } from './job-retention.ts';

const key = Keypair.generate();
const other = Keypair.generate();
const body = JSON.stringify(jobBody(key.address));
let facilitator: RunningFacilitator;
let token: string;

beforeAll(async () => {
  facilitator = await startFacilitator([key.address, other.address]);
  token = await tokenOf(facilitator.url, facilitator.user);
  for (const validator of [key, other]) await ScriptedValidator.logIn(facilitator.url, validator);
});
afterEach(() => vi.useRealTimers());
afterAll(() => facilitator.stop());

/** @param age of the signature @unit seconds */
const signed = (age = 0, keypair = facilitator.user) =>
  signatureHeaders(keypair, body, BigInt(Date.now() - age * 1_000) * 1_000_000n);
const create = (headers: Record<string, string>, url = facilitator.url, text = body): Promise<Answer> =>
  postJson(`${url}/api/v1/job-docker/`, text, { authorization: `Bearer ${token}`, ...headers });
const later = (seconds: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1_000 });
const count = async () => (await facilitator.database.manager.query<unknown[]>('select from job')).length;

const invalid = (details: string) => ({
  status: 400,
  json: { error: 'Invalid signature provided', details: expect.stringContaining(details) },
});

describe('a signature', () => {
  it.each([
    ['older than five minutes', 302, 'The signature is 302 seconds old'],
    ['of more than a minute from now', -70, 'The signature is of a time 70 seconds from now'],
  ])('%s creates nothing, and its user hears why', async (_what, age, sentence) => {
    later(0); // the clock stands
    const jobs = await count();
    expect(await create(signed(age))).toMatchObject(invalid(sentence));
    expect(await count()).toBe(jobs);
  });

  it.each([290, -50])('that is %i s old counts', async (age) => {
    expect((await create(signed(age))).status).toBe(201);
  });

  it('of another hotkey than the one that is logged in does not count, unless the operator wants it', async () => {
    const foreign = signed(0, Keypair.generate());
    const dryRun = `${facilitator.url}/api/v1/job-docker/?dry_run=true`;
    for (const answer of [
      await create(foreign),
      await postJson(dryRun, body, { authorization: `Bearer ${token}`, ...foreign }),
    ])
      expect(answer).toMatchObject(invalid(`and ${facilitator.user.address} is logged in`));
    const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
    const open = await startFacilitator([], {
      databaseUrl,
      allowOtherSignatories: true,
      signatureExpireDuration: 20,
    });
    expect((await create(foreign, open.url)).status).toBe(201);
    // SIGNATURE_EXPIRE_DURATION counts.
    expect(await create(signed(40), open.url)).toMatchObject(invalid('seconds old'));
    await open.stop();
  });
});

describe('a request that is replayed', () => {
  const changed = (more: object) => JSON.stringify({ ...(JSON.parse(body) as object), ...more });

  it.each<[string, object]>([
    ['for another validator', { target_validator_hotkey: other.address }],
    ['in another namespace', { job_namespace: 'SN2.0' }],
    ['without its namespace', { job_namespace: null }],
    ['with another tag', { tag: 'replayed' }],
  ])('%s, which is not signed, creates no second job', async (_what, more) => {
    const headers = signed();
    const { json } = await create(headers);
    const jobs = await count();
    expect(await create(headers, facilitator.url, changed(more))).toMatchObject({
      status: 422,
      json: [expect.stringContaining(`has created the job ${json.uuid}`)],
    });
    expect(await count()).toBe(jobs);
  });

  it.each<[string, (text: string) => string, Record<string, string>?]>([
    ['written in another way', (text) => text.replaceAll(',', ' ,\n')],
    ['with keys that nobody reads', () => changed({ more: 1 })],
    [
      'with another word for what kind of signature it is',
      (text) => text,
      { 'x-ch-signature-type': 'other' },
    ],
    ['with its time written in another way', (text) => text, { 'x-ch-timestamp-ns': '+0TIME' }],
  ])('%s is the same job', async (_what, rewrite, more = {}) => {
    const headers = signed();
    const { json } = await create(headers);
    const time = headers['x-ch-timestamp-ns']!;
    const odd = Object.entries(more).map(([name, value]) => [name, value.replace('TIME', time)]);
    expect(
      await create({ ...headers, ...Object.fromEntries(odd) }, facilitator.url, rewrite(body)),
    ).toMatchObject({ status: 201, json: { uuid: json.uuid } });
  });

  it('when its signature is too old is still answered with the job that it has created', async () => {
    const headers = signed();
    const { json } = await create(headers);
    later(3_000);
    expect(await create(headers)).toMatchObject({ status: 201, json: { uuid: json.uuid } });
  });

  it('when its job has been removed creates no second one, as long as the signature would count or later', async () => {
    const headers = signed();
    const { json } = await create(headers);
    const { manager } = facilitator.database;
    await manager.query(`update job set created_at = now() - interval '8 days'`);
    await manager.query(`update job_status set created_at = now() - interval '8 days'`);
    const retention = facilitator.app.get(JobRetention);
    await retention.evict();
    expect(await create(headers)).toMatchObject({
      status: 410,
      json: [`This request has created the job ${json.uuid}, which has been removed since.`],
    });
    await manager.query(`update spent_request set expires_at = now() - interval '1 s'`);
    await retention.evict();
    expect(await manager.query('select from spent_request')).toEqual([]);
    later(400);
    expect(await create(headers)).toMatchObject(invalid('seconds old'));
    expect(await count()).toBe(0);
  });
});
