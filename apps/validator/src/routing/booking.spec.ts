import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { JobFailed, make, type NewJob } from '@horde/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { AllowanceView } from '../allowance/allowance-view.ts';
import { ChainScene } from '../allowance/testing/chain-scene.ts';
import { Router } from './router.ts';

/** A validator that holds 30 % of the stake, so that each block of a miner with two executors gives 7.2 executor-seconds. */
const scene = new ChainScene('file');
const miner = new ScriptedMiner(Keypair.generate());
const hotkey = miner.keypair.address;
let facilitator: ScriptedFacilitator;
let validator: INestApplication;

beforeAll(async () => {
  facilitator = new ScriptedFacilitator(scene.hotkey);
  miner.manifest = [['always_on.test', 2]];
  await Promise.all([facilitator.start(), miner.start()]);
  scene.pylon.head = 0;
  scene.pylon.neurons.push({ hotkey, port: miner.port });
  validator = await scene.start({ FACILITATOR_URI: facilitator.uri, ALLOWANCE_REQUIRED: 'true' });
  await vi.waitFor(async () => {
    expect(await scene.stored()).toEqual([0]);
    expect(await scene.query('select 1 from miner_manifest')).toHaveLength(1);
  }, 20_000);
  await scene.store(300);
});
beforeEach(async () => {
  await scene.query('delete from booking');
  await scene.query('delete from manifest_change');
  await scene.query('insert into manifest_change values ($1, $2, 0, 2, false)', [hotkey, 'always_on.test']);
  await validator.get(AllowanceView).refresh();
  miner.script = wholeJob;
});
afterAll(async () => {
  await Promise.all([facilitator.stop(), miner.stop()]);
});

const sendJob = async (fields: Parameters<typeof newJob>[2] = {}) => {
  const job = newJob(randomUUID(), scene.place.keypair, fields);
  await facilitator.send(job);
  return job.uuid;
};
const rejection = async (uuid: string) =>
  (await facilitator.update(uuid, 'rejected')).metadata!.job_rejection_details!.message;
const costing = (seconds: number) => ({ execution_time_limit: seconds - 10 });

describe('what a job costs', () => {
  it('is booked, and paid with the oldest blocks when the job completes', async () => {
    const first = await sendJob();
    const second = await sendJob();
    const payloads = await Promise.all([first, second].map((uuid) => miner.finishedReceipt(uuid)));
    expect(payloads.map(({ payload }) => payload.score_str)).toEqual(['20.000000', '20.000000']);
    expect(payloads.flatMap(({ payload }) => payload.block_numbers!).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    expect(await scene.query('select seconds from booking where expires_at is null')).toEqual([
      { seconds: 20 },
      { seconds: 20 },
    ]);
  });

  it('is paid with other blocks where it took so long that another job has got its own', async () => {
    miner.script = {
      onInitial: wholeJob.onInitial,
      onJob: async (request, connection) => {
        await scene.query('delete from booking');
        await scene.query(
          `insert into booking (miner_hotkey, executor_class, blocks, last_block, seconds)
           values ($1, 'always_on.test', '{[0,3)}', 2, 20)`,
          [hotkey],
        );
        await wholeJob.onJob(request, connection);
      },
    };
    const { payload } = await miner.finishedReceipt(await sendJob());
    expect(payload).toMatchObject({ score_str: '20.000000', block_numbers: [3, 4, 5] });
  });

  it('is free again when the job ends otherwise', async () => {
    miner.script = {
      onInitial: wholeJob.onInitial,
      onJob: ({ job_uuid }, connection) =>
        send(connection, make(JobFailed, { job_uuid, reason: 'nonzero_return_code' })),
    };
    const { payload } = await miner.finishedReceipt(await sendJob());
    expect(payload).toMatchObject({ score_str: '0.000000', block_numbers: [] });
    expect(await scene.query('select 1 from booking')).toEqual([]);
  });
});

describe('a job that cannot be paid for', () => {
  it('ever, at any validator, is rejected at once', async () => {
    expect(await rejection(await sendJob(costing(3_601)))).toMatch(
      /^The job may take 3601 executor-seconds: .* At most 3600 are allowed\./,
    );
  });

  it('by all that this validator may spend is rejected at once, with the numbers', async () => {
    expect(await rejection(await sendJob(costing(2_200)))).toMatch(
      /^The job may take 2200 executor-seconds .* no miner may this validator spend more than 21\d\d\./,
    );
    expect(miner.initial(await sendJob())).toBeDefined();
  });

  it('as long as other jobs have booked the blocks waits, and gets them when one has given them back', async () => {
    const [{ id }] = (await scene.query<{ id: string }>(
      `insert into booking (miner_hotkey, executor_class, blocks, last_block, seconds, expires_at)
       select $1, 'always_on.test', range_agg(int4range(block, block + 1)), 299, 2150, now() + interval '1 hour'
       from generate_series(0, 299) block returning id`,
      [hotkey],
    )) as [{ id: string }];
    const view = validator.get(AllowanceView);
    await view.refresh();
    const request = newJob(randomUUID(), scene.place.keypair);
    expect(await choose(request)).toMatchObject({
      is: 'wait',
      error: { message: expect.stringContaining('1 without enough allowance that is not reserved') },
    });
    await scene.query('delete from booking where id = $1', [id]);
    await view.refresh();
    expect(await choose(request)).toMatchObject({ is: 'miner', miner: { hotkey } });
  });
});

const choose = (request: NewJob) =>
  validator.get(Database).transaction(async (tx) => {
    await tx.manager.query(
      `insert into job (uuid, request, executor_class, status) values ($1, '', $2, 'received') on conflict do nothing`,
      [request.uuid, request.executor_class],
    );
    const choice = await validator
      .get(Router)
      .choose(tx, request, { attempt: request.uuid, excluded: new Set() });
    await tx.manager.query(`update job set ended_at = now() where uuid = $1`, [request.uuid]);
    return choice;
  });
