import { Keypair } from '@horde/identity';
import { createTestDatabase } from '@horde/testing/database';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { databaseOptions } from '../database.ts';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { jobBody, postJson, signatureHeaders } from '../testing/user.ts';

const validator = Keypair.generate();
let proxy: FaultProxy;
let facilitator: RunningFacilitator;

beforeAll(async () => {
  const url = new URL(await createTestDatabase(databaseOptions));
  proxy = await openFaultProxy(Number(url.port));
  url.port = String(proxy.port);
  facilitator = await startFacilitator(
    [validator.address],
    { databaseUrl: url.href },
    { hasSchedules: false },
  );
  await ScriptedValidator.logIn(facilitator.url, validator);
});
afterAll(async () => {
  proxy.shut = false;
  await facilitator.stop();
  proxy.close();
});

it('a creation while the database is away is told to come again, and is a job when it does', async () => {
  const text = JSON.stringify(jobBody(validator.address));
  const headers = {
    authorization: `Bearer ${await facilitator.allow(facilitator.user.address)}`,
    ...signatureHeaders(facilitator.user, text),
  };
  const create = () => postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers);
  proxy.shut = true;
  proxy.cut();
  const refused = await create();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  expect(refused.json).toEqual({
    detail: 'The database of this service does not answer now. Send the request again.',
  });
  proxy.shut = false;
  expect((await create()).status).toBe(201);
});
