import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pageAt } from '@horde/receipts';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { ReceiptPages } from '../receipts/receipt-pages.ts';
import { MinerUnderTest } from '../testing/miner.ts';
import { OldRecords } from './old-records.ts';

const hour = 3_600_000;
let folder: string;
let logs: string;
let miner: MinerUnderTest;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-old-pages-'));
  logs = await mkdtemp(path.join(tmpdir(), 'horde-old-logs-'));
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 10 }), {
    receiptsRoot: folder,
    receiptTransfer: true,
    executorLogFolder: logs,
  });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await miner.close();
  for (const made of [folder, logs]) await rm(made, { recursive: true });
});

it('what is older than two days is removed; what a running job needs is not', async () => {
  const validator = await miner.validator();
  const jobs: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { connection, job_uuid } = await validator.accepted();
    jobs.push(job_uuid);
    await connection.close();
  }
  const [old, recent, running] = jobs as [string, string, string];
  await miner.query(
    `update receipt set stored_at = now() - interval '49 hours' where job_uuid <> $1`,
    recent,
  );
  await miner.query(
    `update job set slot_held = false, ended_at = now() - case uuid when $1 then interval '49 hours' else interval '47 hours' end
     where uuid <> $2`,
    old,
    running,
  );
  for (const age of [49, 47])
    await writeFile(path.join(folder, `${pageAt(Date.now() - age * hour)}.jsonl`), 'line\n');

  const retention = miner.part(OldRecords);
  expect(await retention.evict()).toEqual({ receipts: 1, jobs: 1, pages: 1 });
  expect(await retention.evict()).toEqual({ receipts: 0, jobs: 0, pages: 0 });
  const left = async (table: string, column: string) =>
    (await miner.query(`select ${column} as uuid from ${table}`)).map(({ uuid }) => uuid).toSorted();
  expect(await left('receipt', 'job_uuid')).toEqual([recent, running].toSorted());
  expect(await left('job', 'uuid')).toEqual([recent, running].toSorted());
  // What the validators of the others are to be told is still there: nobody has confirmed it.
  expect(await left('outbox', 'subject')).toEqual([recent, running].toSorted());
});

it('a clock of this machine that jumps ahead removes no receipt and no job', async () => {
  await (await (await miner.validator()).accepted()).connection.close();
  // One that is just being put on a page goes the next time.
  await miner.part(ReceiptPages).settled();
  await miner.query('update job set slot_held = false, ended_at = now()');
  const retention = miner.part(OldRecords);
  await retention.evict();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 72 * hour });
  expect(await retention.evict()).toMatchObject({ receipts: 0, jobs: 0 });
});

it('validators that have long not been active are forgotten, unless somebody has added or blacklisted them', async () => {
  await miner.query(
    `insert into validator (hotkey, active, debug, blacklisted, inactive_since)
     select name, is_active, by_hand, is_blacklisted, now() - age::interval from (values
       ('gone', false, false, false, '31 days'), ('just gone', false, false, false, '29 days'),
       ('active', true, false, false, '31 days'), ('added', false, true, false, '31 days'),
       ('blacklisted', false, false, true, '31 days')
     ) as known (name, is_active, by_hand, is_blacklisted, age)`,
  );
  await miner.part(OldRecords).evict();
  const left = await miner.query(`select hotkey from validator where hotkey !~ '^5' order by 1`);
  expect(left.map(({ hotkey }) => hotkey)).toEqual(['active', 'added', 'blacklisted', 'just gone']);
});

it('logs of executors that have long ended are removed, and nothing else of their folder', async () => {
  const [old, recent] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  const aged = async (name: string, hours: number) => {
    await writeFile(path.join(logs, name), 'line\n');
    const at = new Date(Date.now() - hours * hour);
    await utimes(path.join(logs, name), at, at);
  };
  await aged(`${old}.log`, 49);
  await aged(`${recent}.log`, 47);
  await aged('notes.log', 49);
  await miner.part(OldRecords).evict();
  expect((await readdir(logs)).toSorted()).toEqual([`${recent}.log`, 'notes.log']);
});
