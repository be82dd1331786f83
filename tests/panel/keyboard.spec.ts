import { because } from '@horde/testing/missing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing, openBrowser, openPage } from './browser.ts';
import { jobs, type Face } from './faces/face.ts';
import { facilitatorFace } from './faces/facilitator-face.ts';
import { changeSetting, hasFocus, logInByKeys, logOut, press, pressAndConfirm } from './keyboard.ts';

describe.skipIf(missing !== null)(`the panel without a mouse${because(missing)}`, () => {
  const complaints: string[] = [];
  let browser: Browser;
  let face: Face;
  let page: Page;

  beforeAll(async () => {
    face = await facilitatorFace((text) => text);
    browser = await openBrowser();
    page = await openPage(browser, complaints, { reducedMotion: 'reduce' });
  });
  afterAll(async () => {
    await browser?.close();
    await face?.stop();
  });

  it('is logged in to, searched, paged through, changed and left, and its jobs are opened and cancelled', async () => {
    await logInByKeys(page, face.url, face.name);

    const [newest, running] = jobs;
    await page.keyboard.press('/');
    await hasFocus(page, 'Search');
    await page.keyboard.type(running!.uuid.slice(0, 8));
    await page.getByRole('option', { name: running!.uuid }).waitFor();
    await page.keyboard.press('Enter');
    await pressAndConfirm(page, 'Cancel this job', 'Cancel the job');
    await page.getByRole('button', { name: 'Being cancelled' }).waitFor();

    await press(page, 'Jobs');
    await page.getByText('Page 1', { exact: true }).waitFor();
    await page.getByRole('link', { name: newest!.uuid }).waitFor();
    await press(page, 'Next');
    await page.getByText('Page 2', { exact: true }).waitFor();
    await page.getByRole('link', { name: jobs[25]!.uuid }).waitFor();
    await press(page, 'Previous');
    await page.getByRole('link', { name: newest!.uuid }).waitFor();
    await press(page, newest!.uuid);
    await page.getByRole('status', { name: 'How the job stands' }).getByText('Received').waitFor();

    await changeSetting(page, 'ENABLE_ORGANIC_JOBS', 'n', 'no');
    await logOut(page, face.name);
    expect(complaints).toEqual([]);
  }, 180_000);
});
