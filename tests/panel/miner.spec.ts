import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Operators } from '@horde/panel-server';
import type { MinerJobPage } from '@horde/panel-api';
import { ExecutorReady, JobFailed, make } from '@horde/protocol';
import { because } from '@horde/testing/missing';
import { PanelClient } from '@horde/testing/panel-client';
import { RecordingManager } from '@horde/testing/recording-manager';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MinerUnderTest } from '../../apps/miner/src/testing/miner.ts';
import { logIn, missing, openBrowser, openPage, password, planted } from './browser.ts';
import { changeSetting, find, logInByKeys, logOut, press, pressAndConfirm } from './keyboard.ts';

describe.skipIf(missing !== null)(`the miner’s panel in a browser${because(missing)}`, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'miner-panel-'));
  const go = path.join(folder, 'go');
  /** Says something that looks like HTML, and ends when it may. */
  const check = `console.log(${JSON.stringify(`OK    first look ${planted}`)});
    setInterval(() => require('node:fs').existsSync(${JSON.stringify(go)}) && process.exit(0), 20);`;
  const manager = new RecordingManager({ 'always_on.test': 3 });
  const complaints: string[] = [];
  let miner: MinerUnderTest;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    manager.hosts = async () => [
      { name: planted, executorClass: 'always_on.test', executors: 3, trouble: null },
      { name: 'away', executorClass: 'always_on.llm.a6000', executors: 1, trouble: 'away is out of reach.' },
    ];
    const commandLine = [process.execPath, '-e', check, '--'];
    // Its jobs stay where they are for as long as they are looked at.
    miner = await MinerUnderTest.start(manager, { startupTimeLimit: 600 }, undefined, commandLine);
    const operators = miner.part(Operators, { strict: false });
    await operators.create({ name: 'cook', role: 'operate', password }, null);
    await operators.create({ name: 'guest', role: 'read', password }, null);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await miner?.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    page = await openPage(browser, complaints);
    return () => page.context().close();
  });

  const open = (name: string) => page.getByRole('menuitem', { name, exact: true }).click();
  const says = (text: string) => page.getByRole('status').filter({ hasText: text }).first().waitFor();

  it('shows a job through its stages, what keeps a host away, and strangers’ words as text', async () => {
    await logIn(page, miner.httpUrl, 'cook');
    await says('away is out of reach. 0 of 3 executors are busy.');
    const validator = await miner.validator();
    const { connection, job_uuid: uuid } = await validator.accepted({ docker_image: planted });
    const executor = await miner.executor(await manager.token(uuid));

    await open('Executors');
    const hosts = page.getByRole('table', { name: 'Hosts of executors' });
    await hosts.getByText('away is out of reach.').waitFor();
    await hosts.getByRole('link', { name: uuid }).click();
    await says('Accepted');
    await says('Its validator has not asked for what it prints');
    await miner.print(uuid, validator.hotkey, `line 1 ${planted}\n`);
    await page.getByRole('tabpanel').getByText(`line 1 ${planted}`).waitFor();
    await executor.send(make(ExecutorReady, { job_uuid: uuid }));
    await page.getByRole('table', { name: 'Timeline' }).getByText('Executor Ready').waitFor();
    await page.getByRole('region', { name: 'What was asked for' }).getByText(planted).waitFor();
    await executor.send(make(JobFailed, { job_uuid: uuid, message: planted }));
    await connection.next('V0JobFailedRequest');
    await says(planted);
    await page.getByRole('table', { name: 'Receipts' }).getByText('started').waitFor();

    await open('Jobs');
    await says('1 job');
    await page.getByText(uuid).waitFor();
    await open('Receipts');
    await says('1 receipt');
    await open('Images');
    await says('No image has been fetched yet');
    await open('Validators');
    await page.getByRole('button', { name: `Decline its jobs: ${validator.hotkey}` }).click();
    await page.getByRole('button', { name: 'Decline its jobs', exact: true }).click();
    await page.getByText('blacklisted: its jobs are declined').waitFor();
    expect(await page.evaluate('window.planted')).toBeUndefined();
    expect(complaints).toEqual([]);
  }, 120_000);

  it('is used by the keyboard alone: checks are run and read as they go on, a job found, a validator declined, a setting changed that the next job has', async () => {
    const validator = await miner.validator();
    const { job_uuid: uuid } = await validator.accepted();
    await logInByKeys(page, miner.httpUrl, 'cook');

    await press(page, 'Self test and doctor');
    await says('Neither is running.');
    await press(page, 'Run the self test');
    await says('Self test is running, begun by cook.');
    const log = page.getByRole('log', { name: 'What the self test says' });
    await log.getByText(`first look ${planted}`).waitFor();
    expect(await page.getByRole('button', { name: 'Run the doctor' }).isDisabled()).toBe(true);
    writeFileSync(go, '');
    await says('Nothing failed');
    await press(page, 'Run the doctor');
    await page.getByRole('log', { name: 'What the doctor says' }).getByText('first look').waitFor();

    await find(page, uuid, uuid);
    await page.getByRole('status', { name: 'How the job stands' }).getByText('Accepted').waitFor();
    await press(page, 'Validators');
    await pressAndConfirm(page, `Decline its jobs: ${validator.hotkey}`, 'Decline its jobs');
    await page.getByRole('button', { name: `Take its jobs again: ${validator.hotkey}` }).waitFor();
    const client = await PanelClient.logIn(miner.httpUrl, 'cook', password);
    const allowed = async (job: string) => {
      const { accepted_at, deadline } = (await client.get(`jobs/${job}`)).json as MinerJobPage;
      return (Date.parse(deadline!) - Date.parse(accepted_at)) / 1_000;
    };
    await changeSetting(page, 'DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT', '77', '77 seconds');
    const { job_uuid: next } = await (await miner.validator()).accepted();
    expect((await allowed(uuid)) - (await allowed(next))).toBeCloseTo(600 - 77, 0);
    await logOut(page, 'cook');
    expect(complaints).toEqual([]);
  }, 120_000);

  it('lets the role read only look', async () => {
    await logIn(page, miner.httpUrl, 'guest');
    await open('Self test and doctor');
    await page.getByRole('log', { name: 'What the self test says' }).getByText('first look').waitFor();
    expect(await page.getByRole('button', { name: /^Run the/ }).count()).toBe(0);
    expect(await page.evaluate('window.planted')).toBeUndefined();
    expect(complaints).toEqual([]);
  }, 120_000);
});
