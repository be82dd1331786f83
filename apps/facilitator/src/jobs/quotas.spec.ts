import { Keypair } from '@horde/identity';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Whitelist, type OwnQuotas } from '../auth/whitelist.ts';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { jobBody, postJson, signatureHeaders, type Answer } from '../testing/user.ts';
import { Quotas } from './quotas.ts';

const validatorKey = Keypair.generate();
const body = JSON.stringify(jobBody(validatorKey.address));
let facilitator: RunningFacilitator;
let replica: RunningFacilitator;
let validator: ScriptedValidator;
let user: Keypair;
let token: string;

beforeAll(async () => {
  facilitator = await startFacilitator([validatorKey.address]);
  const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
  replica = await startFacilitator([validatorKey.address], { databaseUrl });
  validator = await ScriptedValidator.logIn(facilitator.url, validatorKey);
});
beforeEach(async () => {
  user = Keypair.generate();
  token = await facilitator.allow(user.address);
});
afterAll(async () => {
  await replica.stop();
  await facilitator.stop();
});

const allow = (quotas: OwnQuotas) => facilitator.app.get(Whitelist).add(user.address, quotas);
const create = ({ url }: RunningFacilitator, headers = signatureHeaders(user, body)): Promise<Answer> =>
  postJson(`${url}/api/v1/job-docker/`, body, { authorization: `Bearer ${token}`, ...headers });
const refused = (sentence: string) => ({ status: 429, json: { detail: expect.stringContaining(sentence) } });

it('of creations at two replicas at once as many succeed as the user may have unfinished jobs, and the next when one has ended', async () => {
  await allow({ maxUnfinishedJobs: 3 });
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => create(n % 2 ? replica : facilitator)),
  );
  const created = answers.filter(({ status }) => status === 201);
  expect(created).toHaveLength(3);
  const tooMany = answers.find(({ status }) => status !== 201)!;
  expect(tooMany).toMatchObject(
    refused('This hotkey has 3 jobs that have not ended, and may have 3 at once.'),
  );
  expect(tooMany.headers.get('retry-after')).toBe('10');
  for (const _job of created) await validator.nextJob();
  expect(await validator.update(created[0]!.json.uuid as string, 'rejected')).toMatchObject({
    status: 'success',
  });
  expect((await create(replica)).status).toBe(201);
  expect((await create(facilitator)).status).toBe(429);
});

it('creations beyond those allowed in a minute are told how long to wait, and succeed then', async () => {
  await allow({ maxCreationsPerMinute: 2 });
  const headers = signatureHeaders(user, body);
  const first = await create(facilitator, headers);
  expect([first.status, (await create(replica)).status]).toEqual([201, 201]);
  const tooMany = await create(facilitator);
  expect(tooMany).toMatchObject(refused('This hotkey has created 2 jobs within a minute, and may create 2'));
  const wait = Number(tooMany.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(60);
  // A request that is sent again creates nothing.
  expect(await create(replica, headers)).toMatchObject({ status: 201, json: { uuid: first.json.uuid } });
  await expect(replica.app.get(Quotas).check(user.address)).rejects.toMatchObject({ status: 429 });
  await facilitator.database.manager.query(
    `update job set created_at = created_at - $1 * interval '1 s' where hotkey = $2`,
    [wait, user.address],
  );
  expect((await create(facilitator)).status).toBe(201);
});

it('where the operator allows any number there is no limit', async () => {
  await allow({ maxUnfinishedJobs: 0, maxCreationsPerMinute: 0 });
  const answers = await Promise.all(Array.from({ length: 5 }, () => create(facilitator)));
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
});
