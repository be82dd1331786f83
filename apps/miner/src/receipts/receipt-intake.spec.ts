import { wireTime, type JobFinishedPayload } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { ReceiptCounts, type Refusal } from './receipt-counts.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

it('a finished receipt for a job that still runs is stored together with the end of the job, or not at all', async () => {
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  const receipt = validator.finished(job_uuid, { score_str: '0.000000' });
  const state = async () => ({
    job: await miner.query(
      'select status, settled_at is not null as settled from job where uuid = $1',
      job_uuid,
    ),
    receipts: await finishedReceipts(job_uuid),
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
  await expect.poll(() => miner.manager.stopped.length).toBeGreaterThan(0);
});

it('a finished receipt that comes before its job, as from a validator that has given it up, ends the job at once', async () => {
  const validator = await miner.validator();
  const request = validator.signed(validator.initial());
  const { job_uuid } = request;
  const another = await validator.login();
  await another.send(validator.finished(job_uuid, { score_str: '0.000000' }));
  await another.settled();

  const connection = await validator.login();
  await connection.send(request);
  await connection.next('V0AcceptJobRequest');
  const token = await miner.manager.token(job_uuid);
  await expect.poll(() => miner.manager.stopped).toContain(token);
  const state = 'select status, slot_held, settled_at is not null as settled from job where uuid = $1';
  await expect
    .poll(() => miner.query(state, job_uuid))
    .toEqual([{ status: 'horde_failed', slot_held: false, settled: true }]);
  expect(await finishedReceipts(job_uuid)).toHaveLength(1);
  expect(await miner.query('select from outbox where subject = $1', job_uuid)).toEqual([]);
});

const finishedReceipts = (job: string) =>
  miner.query(`select 1 from receipt where receipt_type = 'JobFinishedReceipt' and job_uuid = $1`, job);

/** How often each reason has led to a refusal. */
async function refusals(): Promise<Partial<Record<Refusal, number>>> {
  const { values } = await miner.part(ReceiptCounts).refused.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels['reason'], value]));
}

describe('a receipt that is refused is counted and not stored', () => {
  const inAnHour = () => wireTime((Date.now() + 3_700_000) * 1000);
  it.each<[string, Refusal, () => Partial<JobFinishedPayload>]>([
    ['with a time more than an hour ahead', 'mismatch', () => ({ timestamp: inAnHour() })],
    ['with a time of no time zone', 'mismatch', () => ({ timestamp: '2026-01-02T03:04:05+20:00' })],
    ['for another miner', 'mismatch', () => ({ miner_hotkey: '5Other' })],
    ['of no job', 'unknown_job', () => ({ job_uuid: '00000000-0000-4000-8000-000000000000' })],
    ['with a negative score', 'unreadable', () => ({ score_str: '-1' })],
    ['with a block beyond 2^32', 'unreadable', () => ({ block_numbers: [2 ** 33] })],
    ['from another century', 'unreadable', () => ({ timestamp: '1999-12-31T23:59:59Z' })],
  ])('%s', async (_name, reason, changes) => {
    const validator = await miner.validator();
    const { connection, job_uuid } = await validator.accepted();
    const before = (await refusals())[reason] ?? 0;
    await connection.send(validator.finished(job_uuid, changes()));
    await connection.settled();
    expect((await refusals())[reason]).toBe(before + 1);
    expect(await finishedReceipts(job_uuid)).toEqual([]);
  });

  it('with a signature that does not hold', async () => {
    const validator = await miner.validator();
    const { connection, job_uuid } = await validator.accepted();
    const receipt = validator.finished(job_uuid);
    receipt.payload.score_str = '2.000000';
    await connection.send(receipt);
    await connection.settled();
    expect((await refusals()).signature).toBe(1);
    expect(await finishedReceipts(job_uuid)).toEqual([]);
  });

  it.each([
    ['a bad signature', 'started', 'V0DeclineJobRequest', { signature: `0x${'00'.repeat(64)}` }],
    ['a time to live beyond 30 days', 'unreadable', 'GenericError', { ttl: 2_592_001 }],
  ] as const)(
    'of a job that is asked for: %s',
    async (_name, reason, answer, { signature, ...receipt }: { signature?: string; ttl?: number }) => {
      const validator = await miner.validator();
      const connection = await validator.login();
      const before = (await refusals())[reason] ?? 0;
      const request = validator.initial({}, receipt);
      request.job_started_receipt_signature = signature ?? request.job_started_receipt_signature;
      await connection.send(request);
      await connection.next(answer);
      expect((await refusals())[reason]).toBe(before + 1);
      expect(await miner.query('select 1 from receipt where job_uuid = $1', request.job_uuid)).toEqual([]);
    },
  );

  it('of another validator', async () => {
    const [validator, other] = [await miner.validator(), await miner.validator()];
    const { job_uuid } = await validator.accepted();
    const connection = await other.login();
    await connection.send(other.finished(job_uuid));
    await connection.settled();
    expect(await finishedReceipts(job_uuid)).toEqual([]);
  });
});

it('a job whose started receipt has a time that no database takes is declined, and its connection stays', async () => {
  const validator = await miner.validator();
  const connection = await validator.login();
  await connection.send(validator.signed(validator.initial({}, { timestamp: '2026-01-02T03:04:05+20:00' })));
  expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
    message: "The receipt's time, 2026-01-02T03:04:05+20:00, is of no time zone.",
  });
});

it('receipts of many connections at once are all stored, and a second one of the same job changes nothing', async () => {
  const validator = await miner.validator();
  const jobs = await Promise.all(Array.from({ length: 20 }, () => validator.accepted()));
  await miner.query(
    `update job set ended_at = now(), status = 'completed' where uuid = any ($1)`,
    jobs.map(({ job_uuid }) => job_uuid),
  );
  await Promise.all(
    jobs.map(async ({ connection, job_uuid }) => {
      await connection.send(validator.finished(job_uuid));
      await connection.send(validator.finished(job_uuid, { score_str: '9.000000' }));
      await connection.settled();
    }),
  );
  const uuids = jobs.map(({ job_uuid }) => job_uuid);
  const stored = await miner.query<{ payload: string }>(
    `select payload from receipt where receipt_type = 'JobFinishedReceipt' and job_uuid = any ($1)`,
    uuids,
  );
  expect(stored.map(({ payload }) => (JSON.parse(payload) as { score_str: string }).score_str)).toEqual(
    uuids.map(() => '1.500000'),
  );
  expect(
    await miner.query('select 1 from job where settled_at is not null and uuid = any ($1)', uuids),
  ).toHaveLength(20);
  expect(await miner.query('select 1 from outbox where subject = any ($1)', uuids)).toEqual([]);
});
