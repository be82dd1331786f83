import type { HordeClient } from '@horde/sdk';
import { clientOf } from '@horde/testing/client-of';
import { horde, newDataFolder, removeDataFolder } from '@horde/testing/horde';
import { because } from '@horde/testing/missing';
import { PanelClient } from '@horde/testing/panel-client';
import Docker from 'dockerode';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBusyboxImage } from '../../tools/bench/executor/image.ts';
import * as browsers from './browser.ts';

const missing = process.env['PANEL_NETWORK'] === undefined ? 'it is of ./horde test --all' : browsers.missing;

describe.skipIf(missing !== null)(
  `the panels of a network that runs, in a browser${because(missing)}`,
  () => {
    let data: string;
    let client: HordeClient;
    let browser: Browser;
    const complaints: string[] = [];
    /** The account of `./horde up`. */
    let account: { name: string; password: string };
    let facilitator: string;

    beforeAll(async () => {
      data = await newDataFolder();
      const up = await horde(['up'], data);
      if (up.code !== 0) throw new Error(up.stdout + up.stderr);
      const [, name = '', password = ''] = /account (\S+), password (\S+),/.exec(up.stdout) ?? [];
      account = { name, password };
      facilitator = /(\S+)\/admin\/ \(the facilitator's\)/.exec(up.stdout)![1]!;
      client = await clientOf(data);
      browser = await browsers.openBrowser();
    }, 240_000);
    afterAll(async () => {
      await browser?.close();
      await horde(['down'], data);
      await removeDataFolder(data);
    }, 120_000);

    /** Opens a page of a service's panel, as somebody who logs in there. */
    async function open(url: string): Promise<Page> {
      const page = await browsers.openPage(browser, complaints);
      await browsers.logIn(page, new URL(url).origin, account.name, account.password);
      await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
      await browsers.visit(page, url);
      return page;
    }

    const linkTo = async (page: Page, service: string) => {
      const link = page.getByRole('link', { name: `At the ${service}` }).first();
      return (await link.getAttribute('href'))!;
    };
    const standing = (page: Page) => page.getByRole('status', { name: 'How the job stands' });

    it('show one job live, lead to each other’s page of it, and tell all of its end when one cancels it', async () => {
      const image = await ensureBusyboxImage(new Docker());
      const job = await client.createJob({
        executorClass: 'always_on.test',
        jobNamespace: 'panel.1',
        dockerImage: image,
        args: ['sh', '-c', 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 1; done'],
        downloadTimeLimit: 60,
        executionTimeLimit: 120,
        uploadTimeLimit: 60,
      });
      const atFacilitator = await open(`${facilitator}/admin/#/jobs/${job.uuid}/show`);
      await atFacilitator.getByRole('tabpanel').getByText('line 3').waitFor();
      const atValidator = await open(await linkTo(atFacilitator, 'validator'));
      const atMiner = await open(await linkTo(atValidator, 'miner'));
      const pages = [atFacilitator, atValidator, atMiner];
      for (const page of pages) await standing(page).getByText('Volumes Ready').waitFor();
      expect(await linkTo(atValidator, 'facilitator')).toBe(`${facilitator}/admin/#/jobs/${job.uuid}/show`);
      const atValidatorAgain = await open(await linkTo(atMiner, 'validator'));
      await atValidatorAgain.getByText(job.uuid).first().waitFor();

      await atValidator.getByRole('button', { name: 'Cancel this job' }).click();
      await atValidator.getByRole('button', { name: 'Cancel the job' }).click();
      for (const page of pages)
        await standing(page).getByText('Cancelled by the operator of the validator').waitFor();
      await job.wait({ timeout: 60 });
      expect(job.status).toBe('failed');
      for (const page of pages)
        expect(await page.getByRole('button', { name: 'Cancel this job' }).count()).toBe(0);
      expect(complaints).toEqual([]);
    }, 180_000);

    it('show as many jobs as their APIs tell, the newest first', async () => {
      for (const page of await Promise.all(
        [facilitator, await others('validator'), await others('miner')].map((url) =>
          open(`${url}/admin/#/jobs`),
        ),
      )) {
        const api = await PanelClient.logIn(new URL(page.url()).origin, account.name, account.password);
        const { count, results } = (await api.get('jobs')).json as {
          count: number;
          results: { uuid: string }[];
        };
        expect(count).toBeGreaterThan(0);
        await page.getByText(`${count} ${count === 1 ? 'job' : 'jobs'}`, { exact: true }).waitFor();
        expect(await page.locator('tbody tr').first().textContent()).toContain(results[0]!.uuid);
      }
    }, 120_000);

    /** The address of another service, as the facilitator's panel knows it. */
    async function others(service: string): Promise<string> {
      const api = await PanelClient.logIn(facilitator, account.name, account.password);
      const { other_panels } = (await api.get('session')).json as { other_panels: Record<string, string> };
      return other_panels[service]!;
    }
  },
);
