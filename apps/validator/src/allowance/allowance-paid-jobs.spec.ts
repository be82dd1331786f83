import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { PaidJobs } from '../scoring/paid-jobs.ts';
import { ChainSchedule } from './chain-schedule.ts';
import { AllowanceHistory } from './history.ts';
import { ChainScene } from './testing/chain-scene.ts';

const scene = new ChainScene('file');
/** On subnet 12. */
const cycle = { start: 1_430, end: 2_152 };
const executorClass = 'always_on.llm.a6000';
const minerHotkey = 'miner';
const range = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);

/** Two executors of the miner give our own stake 7.2 executor-seconds a block. */
let validator: INestApplication;
beforeAll(async () => {
  scene.pylon.head = 0;
  validator = await scene.start();
  await vi.waitFor(async () => expect(await scene.stored()).toEqual([0]), 20_000);
  // What is stored stays as it is.
  await validator.get(ChainSchedule).beforeApplicationShutdown();
  await scene.store(2_400);
});
beforeEach(async () => {
  await scene.query('delete from receipt');
  await scene.query('delete from manifest_change');
  await scene.query(`insert into manifest_change values ('${minerHotkey}', '${executorClass}', 0, 2, false)`);
});

interface Receipts {
  uuid?: string;
  by?: string;
  blocks?: number[];
  cost?: string;
  /** The blocks in which the job began and ended. */
  began?: number;
  ended?: number;
}

/** Receipts of a job that somebody says was paid. @returns its uuid */
async function finished({ uuid = randomUUID(), by = scene.hotkey, ...more }: Receipts): Promise<string> {
  const { blocks = range(900, 92), cost = '660', began = 1_500, ended = 1_550 } = more;
  const at = (block: number) => new Date(scene.pylon.time(block) + 1);
  await scene.query(
    `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature,
       timestamp, executor_class, is_organic, expires_at, score, block_numbers) values
     ($1, 'JobStartedReceipt', $2, $3, '', '', $4, $5, true, $4, null, null),
     ($1, 'JobFinishedReceipt', $2, $3, '', '', $6, null, null, null, $7, $8)`,
    [uuid, by, minerHotkey, at(began), executorClass, at(ended), cost, blocks],
  );
  return uuid;
}

const paid = async () => (await validator.get(PaidJobs).of(cycle)).map(({ jobUuid }) => jobUuid);

describe('a job counts', () => {
  it('that was paid with blocks of its validator’s allowance, whichever validator that is', async () => {
    const own = await finished({});
    // Half of the stake: 12 executor-seconds a block.
    const foreign = await finished({ by: 'largest', blocks: range(900, 55), ended: 1_560 });
    await finished({ by: 'largest', blocks: range(1_000, 54), ended: 1_570 });
    await finished({ by: 'nobody', ended: 1_580 });
    expect(await validator.get(PaidJobs).of(cycle)).toEqual([
      { jobUuid: own, validatorHotkey: scene.hotkey, minerHotkey, executorClass, cost: 660 },
      { jobUuid: foreign, validatorHotkey: 'largest', minerHotkey, executorClass, cost: 660 },
    ]);
    expect(await validator.get(MetricsRegistry).metrics()).toContain(
      `validator_allowance_spending_attempts{validator_hotkey="largest",miner_hotkey="miner",executor_class="${executorClass}",result="rejected"} 1`,
    );
  });

  it('in the cycle in which it ended', async () => {
    const first = await finished({ began: 1_200, ended: 1_430 });
    const last = await finished({ began: 2_100, ended: 2_151, blocks: range(1_400, 92) });
    await finished({ ended: 1_429, blocks: range(1_000, 92) });
    await finished({ began: 2_100, ended: 2_152, blocks: range(1_500, 92) });
    expect(await paid()).toEqual([first, last]);
  });

  it('though it began a job’s longest time before the cycle, with what was the oldest block then', async () => {
    const old = await finished({ began: 1_100, ended: 1_431, blocks: range(378, 92) });
    await finished({ began: 1_100, ended: 1_430, blocks: range(377, 92) });
    expect(await paid()).toEqual([old]);
  });

  it('not where the miner had offered fewer executors since', async () => {
    await scene.query(
      `insert into manifest_change values ('${minerHotkey}', '${executorClass}', 1450, 1, true)`,
    );
    await finished({});
    const before = await finished({ began: 1_440, ended: 1_560 });
    expect(await paid()).toEqual([before]);
  });
});

describe('blocks that two receipts list', () => {
  it('are spent by one that cost nothing, too', async () => {
    const free = await finished({ cost: '0', ended: 1_500 });
    await finished({});
    expect(await paid()).toEqual([free]);
  });

  const uuids = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];

  it.each([[[0, 1]], [[1, 0]]])(
    'are spent by the one that finished first, whichever came first: %j',
    async (order) => {
      const ended = [1_560, 1_555];
      for (const at of order) await finished({ uuid: uuids[at]!, ended: ended[at]! });
      expect(await paid()).toEqual([uuids[1]]);
    },
  );

  it.each([[[0, 1]], [[1, 0]]])(
    'are spent by the lower uuid where both finished at once: %j',
    async (order) => {
      for (const at of order) await finished({ uuid: uuids[at]! });
      expect(await paid()).toEqual([uuids[0]]);
    },
  );
});

it('blocks pay once in each of two neighbouring cycles, as in ComputeHorde: each cycle is judged by itself', async () => {
  const blocks = range(1_300, 92);
  const before = await finished({ began: 1_400, ended: 1_429, blocks });
  const first = await finished({ began: 1_440, ended: 1_500, blocks });
  await finished({ began: 1_440, ended: 1_501, blocks });
  const cycleBefore = { start: 708, end: 1_430 };
  const paidBefore = await validator.get(PaidJobs).of(cycleBefore);
  expect([paidBefore.map(({ jobUuid }) => jobUuid), await paid()]).toEqual([[before], [first]]);
});

it('blocks are read once for all classes: the fault that each class read the whole range anew', async () => {
  await finished({});
  const reading = vi.spyOn(validator.get(AllowanceHistory), 'blocks');
  await paid();
  expect(reading.mock.calls.filter(([{ to }]) => to === cycle.end)).toHaveLength(1);
  reading.mockRestore();
});

describe('a receipt that somebody forged', () => {
  it.each([
    ['no score that can be read', { cost: null as never }],
    ['a score below nothing', { cost: '-1' }],
    ['blocks that never were', { blocks: [-5, 2_147_483_647] }],
    ['no blocks', { blocks: [] }],
  ])('with %s keeps no other from counting', async (_what, more) => {
    await finished({ ...more, ended: 1_500 });
    const own = await finished({});
    expect(await paid()).toEqual([own]);
  });
});

describe('blocks that are not known', () => {
  it('are waited for, as long as the chain has them', async () => {
    await scene.query('delete from allowance_block where number = 700');
    scene.pylon.head = 2_400;
    const failed = expect(validator.get(PaidJobs).of(cycle)).rejects;
    await failed.toThrow('Block 700 has not been read from the chain yet.');
    scene.pylon.oldest = 1_000;
    expect(await paid()).toEqual([]);
    scene.pylon.oldest = 0;
  });
});
