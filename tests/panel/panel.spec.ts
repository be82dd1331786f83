import { Keypair } from '@horde/identity';
import { Operators } from '@horde/panel-server';
import { writeFrame } from '@horde/protocol';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { because } from '@horde/testing/missing';
import { PrintedOutput } from '@horde/testing/printed-output';
import { OutputSender } from '@horde/transport';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';
import { jobBody, postJson, signatureHeaders, tokenOf } from '../../apps/facilitator/src/testing/user.ts';
import { logIn, missing, openBrowser, openPage, password, planted, visit } from './browser.ts';

describe.skipIf(missing !== null)(`the facilitator’s panel in a browser${because(missing)}`, () => {
  const key = Keypair.generate();
  let facilitator: RunningFacilitator;
  let validator: ScriptedValidator;
  let browser: Browser;
  let page: Page;
  /** What the page has complained of: scripts and styles that its policy does not let in, too. */
  const complaints: string[] = [];
  const printed = new PrintedOutput();

  beforeAll(async () => {
    facilitator = await startFacilitator([key.address]);
    const operators = facilitator.app.get(Operators, { strict: false });
    await operators.create({ name: 'cook', role: 'operate', password }, null);
    await operators.create({ name: 'guest', role: 'read', password }, null);
    validator = await ScriptedValidator.logIn(facilitator.url, key, {}, ['cancel-1', 'logs-2', 'progress-1']);
    const sender = new OutputSender(
      printed,
      async (chunk) => {
        validator.sendText(writeFrame(chunk));
        return true;
      },
      () => undefined,
    );
    validator.onOutputRequest = (request) => sender.request(request);
    printed.onPrinted = () => sender.ring(null);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await facilitator?.stop();
  });
  beforeEach(async () => {
    page = await openPage(browser, complaints);
    return () => page.context().close();
  });

  /** Logs in, and waits for the panel. */
  async function enter(name: string): Promise<void> {
    await logIn(page, facilitator.url, name);
    await page.getByRole('menuitem', { name: 'Jobs' }).waitFor();
  }

  async function createJob(more: object): Promise<string> {
    const text = JSON.stringify(jobBody(key.address, more));
    const token = await tokenOf(facilitator.url, facilitator.user);
    const headers = { authorization: `Bearer ${token}`, ...signatureHeaders(facilitator.user, text) };
    const {
      status,
      json,
      text: said,
    } = await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers);
    if (status !== 201) throw new Error(said);
    await validator.nextJob();
    return json.uuid as string;
  }

  it('lets nobody in with a wrong password, shows a job as it goes on, what strangers wrote as text, and cancels it', async () => {
    await logIn(page, facilitator.url, 'cook', 'wrong');
    await page.getByRole('alert').getByText('There is no account with this name and password.').waitFor();
    complaints.length = 0; // The browser tells of the answer's status.
    const stream = page.waitForResponse((response) => response.url().endsWith('/admin/api/live'));
    await logIn(page, facilitator.url, 'cook');
    await page.getByText('1 validator is connected, and no job waits or runs.').waitFor();

    // From then on pages ask once a minute, or when they are told.
    await stream;
    await page.getByRole('menuitem', { name: 'Jobs' }).click();
    const uuid = await createJob({ tag: planted, args: [planted], job_namespace: planted });
    await page.getByText(uuid).waitFor();
    await page.getByText(uuid).click();
    const status = page.getByRole('status').filter({ hasText: 'It waits until' });
    await status.getByText('Sent').waitFor();
    await validator.update(uuid, 'received');
    await status.getByText('Received').waitFor();
    validator.sendText(
      JSON.stringify({
        message_type: 'V0JobWait',
        job_uuid: uuid,
        waits_for: `All executors are busy ${planted}`,
        since: new Date().toISOString(),
        until: null,
      }),
    );
    await page
      .getByRole('table', { name: 'Timeline' })
      .getByText(`All executors are busy ${planted}`)
      .waitFor();
    await page.getByRole('button', { name: 'Ask its validator' }).click();
    const told = page.getByRole('region', { name: 'What its validator says' });
    await told.getByText('Its validator has told nothing').waitFor();
    printed.print(`line 1 ${planted}\n`);
    await page.getByRole('tabpanel').getByText(`line 1 ${planted}`).waitFor();
    const facts = page.getByRole('region', { name: 'What was asked for' });
    expect(await facts.getByText(planted, { exact: true }).count()).toBe(3);

    await page.getByRole('button', { name: 'Cancel this job' }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    expect(await validator.next()).toMatchObject({ message_type: 'V0CancelJobRequest', job_uuid: uuid });
    const details = { reason: 'unknown', stage: 'unknown', message: planted, context: null };
    await validator.update(uuid, 'failed', { job_failure_details: details });
    printed.end();
    await page.getByRole('status').filter({ hasText: planted }).getByText('Failed').waitFor();
    expect(await page.getByRole('button', { name: 'Cancel this job' }).count()).toBe(0);

    await page.getByRole('menuitem', { name: 'Changes' }).click();
    await page.getByRole('row').filter({ hasText: uuid }).getByText('cancel a job').waitFor();
    expect(await page.evaluate('window.planted')).toBeUndefined();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('changes the whitelist and a setting by the keyboard alone, and lets the role read change nothing', async () => {
    const { address } = Keypair.generate();
    await enter('cook');
    await visit(page, `${facilitator.url}/admin/#/whitelist/create`);
    await page.getByLabel("The user's hotkey").focus();
    await page.keyboard.type(address);
    await page.keyboard.press('Tab');
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await page.getByRole('row').filter({ hasText: address }).getByText('7', { exact: true }).waitFor();
    await page.keyboard.press('/');
    const search = page.getByRole('combobox', { name: 'Search' });
    await search.waitFor();
    await page.keyboard.type(address.slice(0, 8));
    await page.getByRole('option', { name: `${address} user` }).waitFor();
    await page.keyboard.press('Escape');
    await search.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.type(address.slice(0, 8));
    await page.getByRole('option', { name: `${address} user` }).waitFor();
    await page.keyboard.press('Enter');
    await search.waitFor({ state: 'detached' });
    await page.getByText('In the last 24 hours it created 0').waitFor();
    for (const [typed, name] of [
      ['job feedb', 'Feedback also called Job feedbacks'],
      ['specs', 'Miners and hardware also called Specs'],
      [key.address.slice(0, 9), `${key.address} validator`],
    ] as const) {
      await page.keyboard.press('Control+k');
      await page.keyboard.type(typed);
      await page.getByRole('option', { name }).waitFor();
      await page.keyboard.press('Enter');
      await search.waitFor({ state: 'detached' });
    }
    await page.getByText('It is connected').waitFor();
    await page.getByRole('table', { name: 'Connections' }).getByText('cancel-1').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('constance');
    await page.getByRole('option', { name: 'Configuration also called CONSTANCE' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Change ENABLE_ORGANIC_JOBS' }).press('Enter');
    await page.getByLabel('Value').selectOption('no');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const setting = page.getByRole('row').filter({ hasText: 'ENABLE_ORGANIC_JOBS' });
    await setting.getByText('set here').waitFor();
    await expect(createJob({})).rejects.toThrow('Job creation is disabled');
    await setting.getByRole('button').press('Enter');
    await page.getByRole('button', { name: 'Back to yes (the default)' }).press('Enter');
    await setting.getByText('the default').waitFor();
    await createJob({});
    expect((await page.request.post(`${facilitator.url}/admin/logout`)).status()).toBe(403);
    await visit(page, 'about:blank');
    await page.context().clearCookies();
    await enter('guest');
    await visit(page, `${facilitator.url}/admin/#/whitelist`);
    await page.getByRole('row').filter({ hasText: address }).waitFor();
    expect(await page.getByRole('link', { name: 'Let a user in' }).count()).toBe(0);
    await visit(page, `${facilitator.url}/admin/#/configuration`);
    await page.getByRole('row').filter({ hasText: 'ENABLE_ORGANIC_JOBS' }).waitFor();
    expect(await page.getByRole('button', { name: 'Change' }).count()).toBe(0);
    expect(complaints.filter((text) => !text.includes('403'))).toEqual([]);
  });
});
