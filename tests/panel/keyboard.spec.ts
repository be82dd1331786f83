import { because } from '@horde/testing/missing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing, openBrowser, openPage, password, visit } from './browser.ts';
import { jobs, type Face } from './faces/face.ts';
import { facilitatorFace } from './faces/facilitator-face.ts';

/** What has the focus, as it is called. */
const focused = `(() => {
  const one = document.activeElement;
  return one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent ?? '';
})()`;
/** More of them no page has. */
const mostStops = 120;

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < mostStops; presses++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate<string>(focused)).startsWith(name)) return;
  }
  throw new Error(`Tab never comes to ${name}.`);
}

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
    await visit(page, `${face.url}/admin/`);
    await page.keyboard.type(face.name);
    await tabTo(page, 'Password');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Jobs' }).waitFor();

    const [newest, running] = jobs;
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search' }).waitFor();
    await page.keyboard.type(running!.uuid.slice(0, 8));
    await page.getByRole('option', { name: running!.uuid }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel this job' }).waitFor();
    await tabTo(page, 'Cancel this job');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Cancel this job?' }).waitFor();
    await tabTo(page, 'Cancel the job');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Being cancelled' }).waitFor();

    await tabTo(page, 'Jobs');
    await page.keyboard.press('Enter');
    await page.getByText('Page 1', { exact: true }).waitFor();
    await page.getByRole('link', { name: newest!.uuid }).waitFor();
    await tabTo(page, 'Next');
    await page.keyboard.press('Enter');
    await page.getByText('Page 2', { exact: true }).waitFor();
    await page.getByRole('link', { name: jobs[25]!.uuid }).waitFor();
    await tabTo(page, 'Previous');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: newest!.uuid }).waitFor();
    await tabTo(page, newest!.uuid);
    await page.keyboard.press('Enter');
    await page.getByRole('status', { name: 'How the job stands' }).getByText('Received').waitFor();

    await page.keyboard.press('Control+k');
    await page.keyboard.type('constance');
    await page.getByRole('option', { name: 'Configuration also called CONSTANCE' }).waitFor();
    await page.keyboard.press('Enter');
    const setting = page.getByRole('row').filter({ hasText: 'ENABLE_ORGANIC_JOBS' });
    await setting.getByRole('cell', { name: 'yes', exact: true }).waitFor();
    await tabTo(page, 'Change ENABLE_ORGANIC_JOBS');
    await page.keyboard.press('Enter');
    await page.getByLabel('Value').waitFor();
    await page.keyboard.press('n');
    await tabTo(page, 'Change it');
    await page.keyboard.press('Enter');
    await setting.getByRole('cell', { name: 'no', exact: true }).waitFor();

    await tabTo(page, `${face.name}: log out`);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Logout' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('Account').waitFor();
    expect(complaints).toEqual([]);
  }, 180_000);
});
