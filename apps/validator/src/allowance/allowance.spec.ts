import type { INestApplication } from '@nestjs/common';
import { Database } from '@horde/database';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AllowanceView } from './allowance-view.ts';
import { Allowance, lockAccount } from './allowance.ts';
import { canPay } from './search.ts';
import { ChainScene } from './testing/chain-scene.ts';

const scene = new ChainScene('file');
const minerHotkey = 'miner';
const executorClass = 'always_on.llm.a6000';
const range = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);

/** Two processes of one validator, of whose 300 blocks each gives 7.2 executor-seconds. */
let validators: INestApplication[];
beforeAll(async () => {
  scene.pylon.head = 0;
  validators = [await scene.start(), await scene.start()];
  await vi.waitFor(async () => expect(await scene.stored()).toEqual([0]), 20_000);
  await scene.store(300);
  await scene.query(`insert into miner (hotkey, uid) values ('${minerHotkey}', 9)`);
  await scene.query(`insert into miner_manifest values ('${minerHotkey}', '${executorClass}', 2)`);
});
beforeEach(async () => {
  await scene.query('delete from booking');
  await scene.query('delete from manifest_change');
  await scene.query(`insert into manifest_change values ('${minerHotkey}', '${executorClass}', 0, 2, false)`);
  for (const validator of validators) await validator.get(AllowanceView).refresh();
});

const transaction = <T>(
  work: (allowance: Allowance, tx: Parameters<Allowance['undo']>[0]) => Promise<T>,
  at = 0,
): Promise<T> => validators[at]!.get(Database).transaction((tx) => work(validators[at]!.get(Allowance), tx));

const reserve = (seconds: number, at = 0, longest = 1_000) =>
  transaction(async (allowance, tx) => {
    await tx.manager.query(lockAccount({ minerHotkey, executorClass }));
    return allowance.reserve(tx, { minerHotkey, executorClass, seconds, longest });
  }, at);

const account = (at = 0) => validators[at]!.get(Allowance).accounts(executorClass).get(minerHotkey)!;
const available = (at = 0) => Math.round(account(at).available * 10) / 10;

describe('the allowance of a miner', () => {
  it('is booked from the oldest block on, by as many as pay for the job', async () => {
    expect(available()).toBe(2_160);
    expect((await reserve(660))!.blocks).toEqual(range(0, 92));
    expect((await reserve(15))!.blocks).toEqual([92, 93, 94]);
    expect(available()).toBe(2_160 - 95 * 7.2);
  });

  it('is held for as long as the job may take at most, and 100 s', async () => {
    await reserve(660, 0, 760);
    const seconds = 'extract(epoch from expires_at - created_at)::int as seconds';
    expect(await scene.query(`select ${seconds} from booking`)).toEqual([{ seconds: 860 }]);
  });

  it('is not booked where it is not enough', async () => {
    expect(await reserve(2_161)).toBeNull();
    expect(available()).toBe(2_160);
    expect([2_160, 2_161].map((seconds) => canPay(account(), seconds))).toEqual([true, false]);
  });

  it('is never booked twice by two processes that book at once', async () => {
    const bookings = await Promise.all(range(0, 24).map((job) => reserve(100, job % 2)));
    const blocks = bookings.flatMap((booking) => booking?.blocks ?? []);
    expect(new Set(blocks).size).toBe(blocks.length);
    expect(blocks).toHaveLength(21 * 14);
    expect(bookings.filter((booking) => booking === null)).toHaveLength(3);
  });

  it('is known to another process once it looks again', async () => {
    await reserve(660);
    await validators[1]!.get(AllowanceView).refresh();
    expect(available(1)).toBe(available(0));
  });

  it('comes back when the job is not paid', async () => {
    const booking = await reserve(660);
    await transaction((allowance, tx) => allowance.undo(tx, booking!.id));
    expect(available()).toBe(2_160);
    expect((await reserve(660))!.blocks).toEqual(range(0, 92));
  });

  it('is gone when the job is paid: neither undoing it nor its time give it back', async () => {
    const booking = await reserve(660);
    const spent = await transaction((allowance, tx) => allowance.spend(tx, booking!.id));
    expect(spent).toEqual(booking!.blocks);
    expect(account().unspent).toBeCloseTo(account().available, 6);
    await transaction((allowance, tx) => allowance.undo(tx, booking!.id));
    expect((await reserve(15))!.blocks).toEqual([92, 93, 94]);
  });

  it('pays for what was used of a job that was cancelled, with the oldest of its blocks', async () => {
    const booking = await reserve(660);
    const spent = await transaction((allowance, tx) => allowance.spend(tx, booking!.id, 20));
    expect(spent).toEqual([0, 1, 2]);
    expect((await reserve(15))!.blocks).toEqual([3, 4, 5]);
  });

  it('is lost by a drop that is stored while a job is being booked', async () => {
    await scene.query(
      `insert into manifest_change values ('${minerHotkey}', '${executorClass}', 250, 1, true)`,
    );
    expect((await reserve(7))!.blocks).toEqual([250, 251]);
  });

  it('that a rolled back transaction booked is free', async () => {
    const failed = transaction(async (allowance, tx) => {
      await allowance.reserve(tx, { minerHotkey, executorClass, seconds: 660, longest: 1 });
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(available()).toBe(2_160);
  });
});

describe('a reservation that nobody ever ends', () => {
  it('frees its blocks when its time has passed', async () => {
    const leaked = await reserve(660, 0, -101);
    expect(available()).toBe(2_160);
    expect((await reserve(15, 1))!.blocks).toEqual([0, 1, 2]);
    const late = await transaction((allowance, tx) => allowance.spend(tx, leaked!.id));
    expect(late).toBeNull();
  });

  it('is paid with blocks that were there when its job began, and with none that came later', async () => {
    const job = { minerHotkey, executorClass, seconds: 15 } as const;
    const began = (block: number) => new Date(scene.pylon.time(block));
    const anew = (block: number) =>
      transaction((allowance, tx) => allowance.spendAnew(tx, { ...job, startedAt: began(block) }));
    expect(await anew(2)).toEqual([0, 1, 2]);
    expect(await anew(4)).toBeNull();
    expect(await anew(5)).toEqual([3, 4, 5]);
  });

  it('is still spent where nobody has taken its blocks', async () => {
    const late = await reserve(15, 0, -101);
    expect(await transaction((allowance, tx) => allowance.spend(tx, late!.id))).toEqual([0, 1, 2]);
    expect((await reserve(15, 1))!.blocks).toEqual([3, 4, 5]);
  });
});
