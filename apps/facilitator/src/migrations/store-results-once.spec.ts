import { openDatabase } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import { Keypair } from '@horde/identity';
import { expect, it } from 'vitest';
import { databaseOptions } from '../database.ts';
import { startFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { ask, tokenOf } from '../testing/user.ts';

it('jobs from before results were stored once are answered as they were', async () => {
  const url = await createTestDatabase();
  const user = Keypair.generate();
  const options = databaseOptions(url);
  const before = await openDatabase({ ...options, migrations: options.migrations.slice(0, 3) });
  await storeJobs((sql, ...values) => before.query(sql, values), {
    hotkey: user.address,
    validator: Keypair.generate().address,
    count: 1,
  });
  const response = String.raw`{"docker_process_stderr":"e","docker_process_stdout":"a\u0000b","artifacts":{"2":"YQ==","1":""},"more":[1.0,12345678901234567890]}`;
  const metadata = `{"miner_response":${response},"comment":"c"}`;
  await before.query(
    `insert into job_status (job_uuid, status, metadata) select uuid, 'completed', $1 from job`,
    [metadata],
  );
  await before.destroy();

  const facilitator = await startFacilitator([], { databaseUrl: url });
  await facilitator.database.manager.query('insert into hotkey_whitelist (ss58_address) values ($1)', [
    user.address,
  ]);
  const headers = { authorization: `Bearer ${await tokenOf(facilitator.url, user)}` };
  const { text, json } = await ask(`${facilitator.url}/api/v1/jobs/`, { headers });
  expect(text).toContain(`"metadata":${metadata},`);
  expect(text).toContain(String.raw`"stdout":"a\u0000b","stderr":"e"`);
  expect(text).toContain('"artifacts":{"2":"YQ==","1":""},"artifacts_dir"');
  expect(json.results[0]).toMatchObject({ status: 'Completed', upload_results: {} });
  await facilitator.stop();
});
