import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { scrape } from '@horde/testing/metrics';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { MinerUnderTest } from '../../apps/miner/src/testing/miner.ts';
import { ValidatorPlace } from '../../apps/validator/src/testing/running-validator.ts';

let folder: string;
let miner: MinerUnderTest;
let other: ScriptedValidator;
let place: ValidatorPlace;
const pylon = new ScriptedPylon();

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'horde-transfer-pages-'));
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 1_000 }), {
    receiptsRoot: folder,
    receiptTransfer: true,
  });
  other = await miner.validator();
  place = await ValidatorPlace.make();
  await pylon.start();
  pylon.neurons = [
    { hotkey: other.hotkey, port: null, stake: 1 },
    { hotkey: miner.hotkey, port: Number(new URL(miner.url).port) },
  ];
});
afterAll(async () => {
  await miner?.close();
  await pylon.stop();
  await place?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Two receipts of another validator's job at the miner. */
async function job(blocks: number[]): Promise<string> {
  const { connection, job_uuid } = await other.accepted();
  await connection.send(other.finished(job_uuid, { block_numbers: blocks }));
  await connection.settled();
  await connection.close();
  return job_uuid;
}

it('the receipts of other validators that our miner shows are fetched while its page grows, each once', async () => {
  const jobs = [await job([1]), await job([2])];
  const validator = await place.start({
    FACILITATOR_URI: 'ws://127.0.0.1:1',
    PYLON_ADDRESS: pylon.address,
    DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true',
  });
  const stored = async () =>
    (
      await place.query<{ job: string }>(
        `select job_uuid || ' ' || receipt_type as job from receipt where miner_signature is not null`,
      )
    ).map((row) => row.job);
  const shown = () =>
    jobs.flatMap((uuid) => [`${uuid} JobFinishedReceipt`, `${uuid} JobStartedReceipt`]).toSorted();
  await expect.poll(async () => (await stored()).toSorted()).toEqual(shown());
  for (let i = 3; i < 8; i++) jobs.push(await job([i]));
  await expect.poll(async () => (await stored()).toSorted()).toEqual(shown());
  const metrics = async () => (await scrape(await validator.getUrl())).text();
  await expect.poll(metrics).toMatch(/^receipttransfer_receipts_total 14$/m);
  expect(await metrics()).not.toMatch(/^receipttransfer_line_errors_total/m);
  await validator.close();
});
