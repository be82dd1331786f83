import type { INestApplication } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { ChainSchedule } from './chain-schedule.ts';
import { FollowChain } from './follow-chain.ts';
import { AllowanceHistory } from './history.ts';
import { keptBlocks, TakeBlocks } from './take-blocks.ts';
import { ChainScene } from './testing/chain-scene.ts';

const scene = new ChainScene();
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** The validator has these blocks when it has looked again: a look that is under way may have begun before. */
const follows = (validator: INestApplication, blocks: number[]) =>
  expect
    .poll(async () => {
      await validator.get(FollowChain).follow();
      return scene.stored();
    })
    .toEqual(blocks);

describe('the blocks of the chain', () => {
  it('are all taken, but for the newest five, with the time and the stakes of each', async () => {
    scene.pylon.head = 130;
    const validator = await scene.start();
    await expect.poll(() => scene.stored()).toEqual(range(0, 125));
    scene.pylon.head = 133;
    await follows(validator, range(0, 128));
    await scene.query(`insert into manifest_change values ('m', 'always_on.test', 0, 1, false)`);
    const blocks = await validator.get(AllowanceHistory).blocks({ from: 0, to: 200 });
    expect(blocks.get(77)).toEqual({
      number: 77,
      at: scene.pylon.time(77),
      multiplier: 1,
      shares: new Map([
        ['largest', 0.5],
        [scene.hotkey, 0.3],
        ['smallest', 0.2],
      ]),
    });
    expect(blocks.duration(77)).toBe(12);
    const metrics = await validator.get(MetricsRegistry).metrics();
    expect(metrics).toContain(`validator_stake_share_fraction{validator_hotkey="${scene.hotkey}"} 0.3`);
    expect(metrics).toContain('validator_block_duration_seconds 12');
    const sum = `validator_block_allowance_checkpoint_seconds{miner_hotkey="m",validator_hotkey="${scene.hotkey}",executor_class="always_on.test"} `;
    expect(Number(metrics.split(sum)[1]?.split('\n')[0])).toBeCloseTo(100 * 3.6, 6);
    expect(blocks.duration(128)).toBeNull();
  });

  it('that were left out are taken later', async () => {
    const before = await scene.start();
    await expect.poll(() => scene.stored()).toEqual(range(0, 95));
    await before.get(ChainSchedule).beforeApplicationShutdown();
    await scene.query('delete from allowance_block where number in (3, 90)');
    scene.pylon.head = 101;
    await follows(await scene.start(), range(0, 96));
  });

  it('that the chain has replaced are taken again', async () => {
    const validator = await scene.start();
    await expect.poll(() => scene.stored()).toEqual(range(0, 95));
    Object.assign(scene.pylon, { fork: 92, head: 101 });
    await follows(validator, range(0, 96));
    const rows = await scene.query<{ at: Date }>(
      'select at from allowance_block where number in (91, 92) order by 1',
    );
    expect(rows.map(({ at }) => at.getTime())).toEqual([scene.pylon.time(91), scene.pylon.time(92)]);
  });

  it('are taken from the beginning where it is another chain, with none of what was booked on the one before', async () => {
    const validator = await scene.start();
    await expect.poll(() => scene.stored()).toEqual(range(0, 95));
    await scene.query(`insert into manifest_change values ('m', 'always_on.test', 90, 1, false)`);
    Object.assign(scene.pylon, { fork: 0, head: 10 });
    await follows(validator, range(0, 5));
    expect(await scene.query('select from manifest_change')).toEqual([]);
  });

  it('are taken as far back as the chain has them', async () => {
    Object.assign(scene.pylon, { head: 400, oldest: 260 });
    await scene.start();
    await expect.poll(() => scene.stored()).toEqual(range(260, 395));
  });

  it('that the chain has and refuses to tell are not taken for gone: they are taken as soon as it tells them', async () => {
    Object.assign(scene.pylon, { head: 300, refusedBelow: 196 });
    const validator = await scene.start();
    await expect.poll(() => scene.stored()).toEqual(range(196, 295));
    scene.pylon.refusedBelow = 0;
    await follows(validator, range(0, 295));
  });

  it('are taken once, by one of several processes at a time', async () => {
    scene.pylon.head = 150;
    await Promise.all([scene.start(), scene.start()]);
    await expect.poll(() => scene.stored()).toEqual(range(0, 145));
    expect([...scene.pylon.timesAsked.values()].every((times) => times === 1)).toBe(true);
  });

  it('wait for a chain that cannot be asked', async () => {
    scene.pylon.fails = true;
    const validator = await scene.start();
    await follows(validator, []);
    scene.pylon.fails = false;
    await follows(validator, range(0, 95));
  });
});

describe('a row for each block, validator, miner and class, zeros included', () => {
  it('is not what is stored: a block is one row, and stakes that stay as they are another one for all', async () => {
    await scene.start();
    await expect.poll(() => scene.stored()).toEqual(range(0, 95));
    expect(await scene.query('select from stake_snapshot')).toHaveLength(1);
  });
});

describe('blocks that scoring still needs', () => {
  /** At the end of its window, 1,442 blocks after the cycle's first: a job of 330 blocks, and what it was paid with. */
  const lookedBack = 1_442 + 330 + 722;

  it('are kept, with what miners offered at them; older ones are not', async () => {
    scene.pylon.head = 0;
    const validator = await scene.start();
    await expect.poll(() => scene.stored()).toEqual([0]);
    await scene.store(3_000);
    await scene.query(
      `insert into manifest_change values
       ('m', 'always_on.test', 10, 1, false), ('m', 'always_on.test', 20, 2, false), ('m', 'always_on.test', 600, 3, false),
       ('gone', 'always_on.test', 30, 1, false), ('gone', 'always_on.test', 40, 0, true)`,
    );
    await scene.query(
      `insert into booking (miner_hotkey, executor_class, blocks, last_block, seconds)
       values ('m', 'always_on.test', '{[10,11)}', 10, 1), ('m', 'always_on.test', '{[900,901)}', 900, 1)`,
    );
    await validator.get(TakeBlocks).evict(3_000);
    const [oldest] = await scene.stored();
    expect(oldest).toBe(3_000 - keptBlocks);
    expect(oldest).toBeLessThan(3_000 - lookedBack - 15);
    expect(await scene.query('select block from manifest_change order by 1')).toEqual([
      { block: 20 },
      { block: 600 },
    ]);
    expect(await scene.query('select last_block from booking')).toEqual([{ last_block: 900 }]);
    expect(await scene.query('select from stake_snapshot')).toHaveLength(1);
  });
});
