import { afterAll, beforeAll, expect, it } from 'vitest';
import { MinerUnderTest } from '../testing/miner.ts';
import { RecordingManager } from '../testing/recording-manager.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
});
afterAll(() => miner.close());

it('a finished receipt for a job that still runs is stored together with the end of the job, or not at all', async () => {
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  const receipt = validator.finished(job_uuid, { score_str: '0.000000' });
  const state = async () => ({
    job: await miner.query('select status, settled_at is not null as settled from job'),
    receipts: await miner.query(`select 1 from receipt where receipt_type = 'JobFinishedReceipt'`),
  });

  // As a crash in the middle would leave it.
  await miner.query(`alter table job_event add constraint no_end check (status <> 'horde_failed')`);
  await connection.send(receipt);
  expect((await connection.connection.closed).code).toBe(1011);
  expect(await state()).toEqual({ job: [{ status: 'accepted', settled: false }], receipts: [] });

  await miner.query('alter table job_event drop constraint no_end');
  const again = await validator.login();
  await again.send(receipt);
  await again.settled();
  expect(await state()).toMatchObject({
    job: [{ status: 'horde_failed', settled: true }],
    receipts: [{}],
  });
  await expect.poll(() => miner.manager.stopped).toHaveLength(1);
});
