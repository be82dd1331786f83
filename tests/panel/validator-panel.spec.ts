import { Operators } from '@horde/panel-server';
import type { PanelSpan, ValidatorJobPage } from '@horde/panel-api';
import { because } from '@horde/testing/missing';
import { PanelClient } from '@horde/testing/panel-client';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import type { Browser, Page } from 'playwright-core';
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
    const whole = extent(job.timeline);
    for (const [at, { from, until, least }] of (await drawnSpans(page)).entries()) {
      const span = job.timeline.toSorted((one, other) => one.from.localeCompare(other.from))[at]!;
      const one = extent([span]);
      const share = (time: number) => (time - whole.from) / (whole.until - whole.from);
      const wanted = Math.max(share(one.until), share(one.from) + least);
      const off = Math.max(Math.abs(from - share(one.from)), Math.abs(until - wanted));
      expect.soft(off, span.label).toBeLessThan(0.001);
    }
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

  it('is used by the keyboard alone: a job is run again and cancelled, a setting changed that the next job has, a miner blacklisted', async () => {
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

    const leeway = async () => {
      const { promise, resolve } = Promise.withResolvers<number | undefined>();
      scene.miner.script = {
        ...wholeJob,
        onInitial: (request, connection) => {
          resolve(request.executor_timing?.allowed_leeway);
          return wholeJob.onInitial(request, connection);
        },
      };
      await scene.send();
      return promise;
    };
    expect(await leeway()).toBe(5);
    await changeSetting(page, 'DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME', '17', '17 seconds');
    expect(await leeway()).toBe(17);

    await scene.place.query('insert into miner (hotkey, uid) values ($1, 1)', [hotkey]);
    await find(page, hotkey, hotkey);
    await page.getByRole('button', { name: 'Give it no jobs' }).waitFor();
    await press(page, 'Give it no jobs');
    await hasFocus(page, 'Why');
    await page.keyboard.type('the same results for all inputs');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'On the blacklist' }).getByText('the same results').waitFor();

    await logOut(page, 'cook');
    expect(complaints).toEqual([]);
  }, 120_000);
});

/** When the first of these begins, and when the last ends. @unit ms since 1970 */
const extent = (spans: PanelSpan[]) => ({
  from: Math.min(...spans.map(({ from }) => Date.parse(from))),
  until: Math.max(...spans.map(({ until }) => Date.parse(until!))),
});

/** A bar of a timeline: 0 is the left end, 1 the right one. What takes no time is drawn `least` wide, which is three pixels. */
interface DrawnSpan {
  from: number;
  until: number;
  least: number;
}

const drawnSpans = (page: Page): Promise<DrawnSpan[]> =>
  page.evaluate<DrawnSpan[]>(
    `[...document.querySelectorAll('[aria-label="Timeline"] td > div')].map((line) => {
      const [all, bar] = [line, line.firstElementChild].map((one) => one.getBoundingClientRect());
      const share = (pixels) => pixels / all.width;
      return { from: share(bar.left - all.left), until: share(bar.right - all.left), least: share(3) };
    })`,
  );
