import { Keypair } from '@horde/identity';
import { Operators } from '@horde/panel-server';
import { because } from '@horde/testing/missing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SoleScene } from '../../apps/validator/src/testing/sole-scene.ts';
import { logIn, missing, openBrowser, openPage, password, planted } from './browser.ts';
import { press, pressAndConfirm, typeInto } from './keyboard.ts';

describe.skipIf(missing !== null)(`the validator’s records in a browser${because(missing)}`, () => {
  const miner = Keypair.generate().address;
  const complaints: string[] = [];
  let scene: SoleScene;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    scene = await SoleScene.start();
    const operators = scene.validator.get(Operators, { strict: false });
    await operators.create({ name: 'cook', role: 'operate', password }, null);
    await storeRecords();
    browser = await openBrowser();
    page = await openPage(browser, complaints);
    await logIn(page, await scene.validator.getUrl(), 'cook');
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.stop();
  });

  async function storeRecords(): Promise<void> {
    const query = (sql: string, ...values: unknown[]) => scene.place.query(sql, values);
    await query(`insert into miner (hotkey, uid, ip, port) values ($1, 7, '192.0.2.1', 8000)`, miner);
    await query(`insert into miner_answer (hotkey, answered_at) values ($1, now())`, miner);
    await query(`insert into miner_manifest values ($1, 'always_on.test', 2)`, miner);
    await query(`insert into manifest_change values ($1, 'always_on.test', 20, 2, true)`, miner);
    await query(
      `insert into booking (miner_hotkey, executor_class, blocks, last_block, seconds) values ($1, 'always_on.test', '{[21,24)}', 23, 40)`,
      miner,
    );
    await query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature, timestamp, score)
       select gen_random_uuid(), type, 'v', $1, '{}', 's', now(), 10
       from unnest(array['JobStartedReceipt', 'JobFinishedReceipt']) type`,
      miner,
    );
    await query(
      `insert into system_event (type, subtype, description, data) values ('JOB_ROUTING', 'FAILURE', $1, $2)`,
      planted,
      JSON.stringify({ planted }),
    );
    await query(
      `insert into cycle_weights (cycle_start, cycle_end, window_from, window_until, state, note, weights, reasons)
       values (708, 1430, 1805, 2151, 'missed', $1, $2, $3)`,
      `The chain did not take it. ${planted}`,
      JSON.stringify([[miner, 1]]),
      JSON.stringify({ neurons_block: 1, neurons: 1, classes: [], lost: {}, cheated: [], burn: null }),
    );
  }

  const open = (name: string) => page.getByRole('menuitem', { name, exact: true }).click();

  it('a miner’s page says why it is chosen or not, and an operator gives it no jobs and then jobs again', async () => {
    await open('Miners');
    await page.getByRole('status').getByText('1 of 1 miner could get a job now.').waitFor();
    await page.getByText(miner).click();
    const status = page.getByRole('status').filter({ hasText: 'This miner' });
    await status.getByText('can be chosen for always_on.test').waitFor();
    await page.getByRole('table', { name: 'What is for and against it' }).getByText('0 of 2').waitFor();
    await page.getByRole('button', { name: 'Give it no jobs' }).click();
    await page.getByLabel('Why').fill(planted);
    await page.keyboard.press('Enter');
    await status.getByText('is not chosen because it is on the blacklist').waitFor();
    await page.getByRole('table', { name: 'On the blacklist' }).getByText(planted).waitFor();
    await open('Blacklist');
    // The miner's page, which is left now, has the same button.
    await page.getByText('These miners get no jobs now.').waitFor();
    await page.getByRole('button', { name: `Take it off the blacklist: ${miner}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it off' }).click();
    await page.getByText('The miner gets jobs again.').waitFor();
    await open('Changes');
    await page.getByRole('row').filter({ hasText: miner }).getByText('unblacklist a miner').waitFor();
  }, 60_000);

  it('each list has what is recorded, and shows what its filter asks for', async () => {
    await open('Receipts');
    await page.getByRole('status').getByText('2 receipts').waitFor();
    await page.getByLabel('Kind').click();
    await page.getByRole('option', { name: 'finished' }).click();
    await page.getByRole('status').getByText('1 receipt', { exact: true }).waitFor();
    await open('Bookings');
    await page.getByText('21-23 (3)').waitFor();
    await page.getByLabel('Has block').fill('99');
    await page.getByRole('status').getByText('0 bookings').waitFor();
    await open('Manifests');
    await page.getByText('a drop', { exact: true }).waitFor();
    await open('System events');
    await page.getByText(planted, { exact: true }).waitFor();
    await page.getByText('planted', { exact: true }).click();
    await page.locator('pre').getByText('window.planted').waitFor();
    await page.getByLabel('Before').fill('2020-01-01T00:00');
    await page.getByRole('status').getByText('0 events').waitFor();
    await open('Allowance');
    await page.getByRole('status').getByText('ALLOWANCE_REQUIRED is off').waitFor();
    await open('Cycles');
    await page.getByRole('row').getByText('708 to 1429').click();
    await page.getByRole('status').getByText(planted).waitFor();
    await page.getByRole('table', { name: 'Who gets what' }).getByRole('link', { name: miner }).waitFor();
    expect(await page.evaluate('window.planted')).toBeUndefined();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('by the keyboard alone a hotkey is put on the whitelist, and taken off, and records are filtered', async () => {
    const { address } = Keypair.generate();
    await press(page, 'Whitelist');
    await page.getByText("the validator's own").waitFor();
    await press(page, 'Take the jobs of a hotkey');
    await typeInto(page, 'The hotkey (SS58)', address);
    await page.keyboard.press('Enter');
    const row = page.getByRole('row').filter({ hasText: address });
    await row.waitFor();
    await pressAndConfirm(page, 'Take it off', 'Confirm');
    await row.waitFor({ state: 'detached' });

    await press(page, 'Manifests');
    await page.getByRole('status').getByText('1 change', { exact: true }).waitFor();
    await typeInto(page, 'From block', '99');
    await page.getByRole('status').getByText('0 changes').waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);
});
