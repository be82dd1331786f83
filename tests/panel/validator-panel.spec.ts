import { Operators } from '@horde/panel-server';
import type { ValidatorJobPage } from '@horde/panel-api';
import { because } from '@horde/testing/missing';
import { PanelClient } from '@horde/testing/panel-client';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SoleScene } from '../../apps/validator/src/testing/sole-scene.ts';
import { logIn, missing, openBrowser, openPage, password, planted } from './browser.ts';
import { changeSetting, find, hasFocus, logInByKeys, logOut, press, pressAndConfirm } from './keyboard.ts';

describe.skipIf(missing !== null)(`the validator’s panel in a browser${because(missing)}`, () => {
  let scene: SoleScene;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    scene = await SoleScene.start({
      OTHER_PANELS: 'facilitator=http://a.example:9,miner=http://a.example:8',
    });
    scene.miner.script = wholeJob;
    await scene.validator
      .get(Operators, { strict: false })
      .create({ name: 'cook', role: 'operate', password }, null);
    url = await scene.validator.getUrl();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.stop();
  });

  it('shows a job with its attempts, choices and receipts as the API tells them, and runs it again', async () => {
    const uuid = await scene.send({ args: [planted] });
    await scene.facilitator.update(uuid, 'completed');
    const complaints: string[] = [];
    const page = await openPage(browser, complaints);
    await logIn(page, url, 'cook');
    await page.getByRole('status').filter({ hasText: 'no job waits or runs' }).waitFor();
    await page.getByRole('menuitem', { name: 'Jobs' }).click();
    await page.getByText(uuid).click();
    await page.getByRole('status').getByText('Completed', { exact: true }).waitFor();

    const client = await PanelClient.logIn(url, 'cook', password);
    const job = (await client.get(`jobs/${uuid}`)).json as ValidatorJobPage;
    const rows = (name: string) => page.getByRole('table', { name, exact: true }).getByRole('row').count();
    expect(await rows('Timeline')).toBe(job.timeline.length + 1);
    expect(await rows('Attempts')).toBe(job.tries.length + 1);
    expect(await rows('Receipts')).toBe(job.receipts.length + 1);
    await page.getByText(job.choices[0]!.sentence).waitFor();
    expect(await page.getByText(planted, { exact: true }).count()).toBe(1);
    for (const [service, port] of [
      ['facilitator', 9],
      ['miner', 8],
    ] as const)
      expect(await page.getByRole('link', { name: `At the ${service}` }).getAttribute('href')).toBe(
        `http://a.example:${port}/admin/#/jobs/${uuid}/show`,
      );

    await page.getByRole('button', { name: 'Run it again' }).click();
    await page.getByRole('button', { name: 'Run it', exact: true }).click();
    await page.getByText('the operator of this validator').waitFor();
    await page.getByRole('status').getByText('Completed', { exact: true }).waitFor();
    expect(await page.evaluate('window.planted')).toBeUndefined();
    expect(complaints).toEqual([]);
  }, 120_000);

  it('is used by the keyboard alone: a job is run again and cancelled, a miner blacklisted, a setting changed', async () => {
    const hotkey = scene.miner.keypair.address;
    // The one that is run again stays where it is until it is cancelled.
    const done = await scene.send({ download_time_limit: 600 });
    await scene.facilitator.update(done, 'completed');
    const complaints: string[] = [];
    const page = await openPage(browser, complaints, { reducedMotion: 'reduce' });
    const status = page.getByRole('status', { name: 'How the job stands' });
    await logInByKeys(page, url, 'cook');

    await find(page, done, done);
    await status.getByText('Completed', { exact: true }).waitFor();
    scene.miner.script = { onInitial: wholeJob.onInitial };
    await pressAndConfirm(page, 'Run it again', 'Run it');
    await page.getByText('the operator of this validator').waitFor();
    await status.getByText('Executor Ready').waitFor();
    await pressAndConfirm(page, 'Cancel this job', 'Cancel the job');
    await status.getByText('cancelled').waitFor();

    await scene.place.query('insert into miner (hotkey, uid) values ($1, 1)', [hotkey]);
    await find(page, hotkey, hotkey);
    await page.getByRole('button', { name: 'Give it no jobs' }).waitFor();
    await press(page, 'Give it no jobs');
    await hasFocus(page, 'Why');
    await page.keyboard.type('the same results for all inputs');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'On the blacklist' }).getByText('the same results').waitFor();

    await changeSetting(page, 'DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT', '77', '77 seconds');
    await logOut(page, 'cook');
    expect(complaints).toEqual([]);
  }, 120_000);
});
