import type { AddressInfo } from 'node:net';
import { Operators } from '@horde/panel-server';
import { AcmeAuthority, missingAuthority } from '@horde/testing/acme-authority';
import { because } from '@horde/testing/missing';
import { TlsPort } from '@horde/tls';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';
import { logIn, missing as missingBrowser, openBrowser, openPage, password } from './browser.ts';

const missing = missingBrowser ?? missingAuthority;
const domain = 'panel.localhost';

describe.skipIf(missing !== null)(`a panel with a certificate of ACME${because(missing)}`, () => {
  let authority: AcmeAuthority;
  let facilitator: RunningFacilitator;
  let browser: Browser;

  beforeAll(async () => {
    authority = await AcmeAuthority.start();
    facilitator = await startFacilitator([], {
      host: '127.0.0.1',
      tlsPort: 0,
      acmeDomains: [domain],
      acmeDirectory: authority.directory,
      acmePort: authority.asksAt,
    });
    const operators = facilitator.app.get(Operators, { strict: false });
    await operators.create({ name: 'cook', role: 'operate', password }, null);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await facilitator?.stop();
    await authority?.stop();
  });

  it('lets an account in from elsewhere', async () => {
    const { port } = facilitator.app.get(TlsPort, { strict: false }).address as AddressInfo;
    const page = await openPage(browser, []);
    // Until it has been given, nobody can connect.
    const opened = () => page.goto(`https://${domain}:${port}/admin/`).catch(() => null);
    await expect.poll(async () => (await (await opened())?.securityDetails())?.issuer).toMatch(/^Pebble/);
    await logIn(page, `https://${domain}:${port}`, 'cook');
    await page.getByRole('menuitem', { name: 'Jobs' }).waitFor();
    await page.context().close();
  }, 60_000);
});
