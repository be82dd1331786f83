import { describe, expect, it } from 'vitest';
import {
  JobFinishedPayload,
  JobFinishedReceipt,
  JobStartedPayload,
  parseJson,
  readObject,
  toJson,
  toJsonValue,
  validatorToMiner,
  writeFrame,
} from '../index.ts';

const uuid = '5b7d7f0e-0b0a-4c56-9d9b-2f6b4a1f1c11';
const common = {
  job_uuid: uuid,
  miner_hotkey: '5Miner',
  validator_hotkey: '5Vali',
  timestamp: '2025-01-02T03:04:05Z',
};
const started = { ...common, executor_class: 'always_on.test', is_organic: true, ttl: 7 };
const finished = {
  ...common,
  time_started: '2025-01-02T03:04:05Z',
  time_took_us: 12,
  score_str: '1.5',
  block_numbers: [1],
};
const readStarted = (changes: object) =>
  readObject(JobStartedPayload, toJsonValue({ ...started, ...changes }));
const readFinished = (changes: object) =>
  readObject(JobFinishedPayload, toJsonValue({ ...finished, ...changes }));

describe('the bounds of a receipt', () => {
  it.each([
    { ttl: 0 },
    { ttl: 2_592_000 },
    { timestamp: 1735787045 },
    { timestamp: '2000-01-01T00:00:00+14:00' },
    { timestamp: '2099-12-31T23:59:59.999999-11:00' },
    { job_uuid: '00000000-0000-0000-0000-000000000000' },
    { job_uuid: 'ffffffff-ffff-ffff-ffff-ffffffffffff' },
    { extra: 1 },
  ])('take in a JobStarted with %j', (changes) => expect(() => readStarted(changes)).not.toThrow());

  it.each([
    { ttl: -1 },
    { ttl: 2_592_001 },
    { timestamp: '2025-01-02T03:04:05' },
    { timestamp: '1999-12-31T23:59:59Z' },
    { timestamp: '2100-01-01T00:00:00Z' },
    { timestamp: 946_684_799 },
    { job_uuid: uuid.toUpperCase() },
    { job_uuid: `{${uuid}}` },
    { job_uuid: `urn:uuid:${uuid}` },
    { job_uuid: uuid.replaceAll('-', '') },
    { job_uuid: `${uuid}\n` },
  ])('leave out a JobStarted with %j', (changes) => expect(() => readStarted(changes)).toThrow(/: must /));

  it.each([
    { time_took_us: 31_536_000_000_000 },
    { score_str: '0' },
    { score_str: '007.50' },
    { score_str: '9'.repeat(256) },
    { block_numbers: [] },
    { block_numbers: [2 ** 32, 0, 0] },
    { block_numbers: Array.from({ length: 10_000 }, () => 1) },
  ])('take in a JobFinished with %j', (changes) => expect(() => readFinished(changes)).not.toThrow());

  it.each([
    { time_took_us: -1 },
    { time_took_us: 31_536_000_000_001 },
    { score_str: '-1' },
    { score_str: '1e3' },
    { score_str: 'NaN' },
    { score_str: '1.' },
    { score_str: '.5' },
    { score_str: '' },
    { score_str: '1\n' },
    { score_str: '١' },
    { score_str: '9'.repeat(257) },
    { block_numbers: null },
    { block_numbers: [-1] },
    { block_numbers: [2 ** 32 + 1] },
    { block_numbers: Array.from({ length: 10_001 }, () => 1) },
  ])('leave out a JobFinished with %j', (changes) =>
    expect(() => readFinished(changes)).toThrow(ShapeProblem),
  );
});

const ShapeProblem = /(score_str|block_numbers|time_took_us): /;

it('a JobFinished that came without its block numbers is handed on without them', () => {
  const { block_numbers: _dropped, ...older } = finished;
  const text = writeFrame(readObject(JobFinishedReceipt, toJsonValue({ payload: older, signature: '0x' })));
  expect(text).not.toContain('block_numbers');
  const again = validatorToMiner.read(text).message;
  expect(again).toMatchObject({ payload: { block_numbers: undefined } });
  expect(
    toJson(readObject(JobFinishedPayload, parseJson(JSON.stringify(finished)))).get('block_numbers'),
  ).toEqual([1]);
});
