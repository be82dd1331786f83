import { because } from '@horde/testing/missing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing, openBrowser, openPage } from './browser.ts';
import { jobs, user, type Face } from './faces/face.ts';
import { facilitatorFace } from './faces/facilitator-face.ts';
import {
  changeSetting,
  choose,
  hasFocus,
  logInByKeys,
  logOut,
  press,
  pressAndConfirm,
  typeInto,
} from './keyboard.ts';

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

  it('lets a user in, changes what it may do, filters its list of jobs, and changes its theme', async () => {
    const { address } = user(9);
    await logInByKeys(page, face.url, face.name);

    await press(page, 'Whitelist and quotas');
    await page.getByRole('link', { name: 'Let a user in' }).waitFor();
    await press(page, 'Let a user in');
    await typeInto(page, "The user's hotkey (SS58)", address);
    await typeInto(page, 'Unfinished jobs at once', '7');
    await page.keyboard.press('Enter');
    const row = page.getByRole('row').filter({ hasText: address });
    await row.getByRole('cell', { name: '7', exact: true }).waitFor();
    await press(page, address);
    await page.getByRole('link', { name: 'Change its quotas' }).waitFor();
    await press(page, 'Change its quotas');
    await typeInto(page, 'New jobs a minute', '31');
    await page.keyboard.press('Enter');
    await row.getByRole('cell', { name: '31', exact: true }).waitFor();

    await press(page, 'Jobs');
    await page.getByText(`${jobs.length} jobs`, { exact: true }).waitFor();
    const running = jobs.filter(({ end }) => end === 'running').length;
    await choose(page, 'Status', 'Vol');
    await page.getByText(`${running} jobs`, { exact: true }).waitFor();
    await typeInto(page, 'User', address);
    await page.getByText('0 jobs', { exact: true }).waitFor();

    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const before = await background();
    await press(page, 'Toggle light/dark mode');
    await expect.poll(background).not.toBe(before);
    expect(complaints).toEqual([]);
  }, 180_000);
});
