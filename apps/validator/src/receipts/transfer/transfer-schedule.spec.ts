import type { INestApplication } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { pageAt } from '@horde/receipts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PageServer } from '@horde/testing/page-server';
import { scrape } from '@horde/testing/metrics';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { finished, pageLine } from '@horde/testing/receipts';
import { ValidatorConfig } from '../../dynamic-config/validator-config.ts';
import { ValidatorPlace } from '../../testing/running-validator.ts';

const other = Keypair.generate();
const miner = Keypair.generate();
let place: ValidatorPlace;
let pylon: ScriptedPylon;
let pages: PageServer;
let running: INestApplication[] = [];

beforeEach(async () => {
  place = await ValidatorPlace.make();
  pylon = new ScriptedPylon();
  pages = new PageServer();
  await Promise.all([pylon.start(), pages.start()]);
  pylon.neurons = [
    { hotkey: other.address, port: null, stake: 1 },
    { hotkey: miner.address, port: pages.port },
  ];
});
afterEach(async () => {
  await Promise.all(running.map((validator) => validator.close()));
  running = [];
  await Promise.all([pylon.stop(), pages.stop(), place.remove()]);
});

async function start(more: Record<string, string> = {}): Promise<INestApplication> {
  const validator = await place.start({
    FACILITATOR_URI: 'ws://127.0.0.1:1',
    PYLON_ADDRESS: pylon.address,
    ...more,
  });
  running.push(validator);
  return validator;
}

const show = () => {
  const of = { validator: other, miner };
  pages.append(pageAt(Date.now()), `${pageLine(finished(of), of)}\n`);
};
const storedReceipts = async () => (await place.query('select from receipt')).length;
const holders = () =>
  place.query<{ holder: string }>(`select holder from lease where name = 'receipt transfer'`);

describe('the transfer of receipts', () => {
  it('begins when it is enabled while the validator runs, tells what it does, and ends when it is disabled', async () => {
    show();
    const validator = await start();
    expect(await holders()).toEqual([]);
    const config = validator.get(ValidatorConfig);
    await config.set('DYNAMIC_RECEIPT_TRANSFER_ENABLED', true);
    await expect.poll(storedReceipts).toBe(1);
    show();
    await expect.poll(storedReceipts).toBe(2);
    const metrics = async () => (await scrape(await validator.getUrl())).text();
    await expect.poll(metrics).toMatch(/^receipttransfer_receipts_total 2$/m);
    expect(await metrics()).toMatch(/^receipttransfer_miners 1$/m);
    await config.set('DYNAMIC_RECEIPT_TRANSFER_ENABLED', false);
    await expect.poll(holders).toEqual([]);
  });

  it('is done by one process at a time, and by the next when that one has ended', async () => {
    const enabled = { DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true' };
    const first = await start(enabled);
    show();
    await expect.poll(storedReceipts).toBe(1);
    const [holder] = await holders();
    await start(enabled);
    expect(await holders()).toEqual([holder]);
    running.shift();
    await first.close();
    show();
    await expect.poll(storedReceipts).toBe(2);
    expect(await holders()).not.toEqual([holder]);
  });
});
