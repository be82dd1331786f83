import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ensureHotkey } from '@horde/identity';
import { makeCertificate } from '@horde/network';
import { Operators } from '@horde/panel-server';
import { horde } from '@horde/testing/horde';
import { because } from '@horde/testing/missing';
import { TlsPort } from '@horde/tls';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';
import { foundByAxe } from './axe.ts';
import { logIn, missing, openBrowser, openPage, password, visit } from './browser.ts';

describe.skipIf(missing !== null)(`logging in to a panel in a browser${because(missing)}`, () => {
  let folder: string;
  let wallet: string[];
  let facilitator: RunningFacilitator;
  /** The facilitator over TLS, by a name that is not this machine's. */
  let secure: string;
  let browser: Browser;
  let page: Page;
  /** What the page has complained of, but for statuses: those are expected. */
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'login-spec-'));
    wallet = ['--wallet-directory', path.join(folder, 'wallets'), '--wallet', 'operator'];
    const { address } = await ensureHotkey(path.join(folder, 'wallets/operator/hotkeys/default'));
    const [tlsCertificate, tlsKey] = [path.join(folder, 'certificate.pem'), path.join(folder, 'key.pem')];
    const made = await makeCertificate(['panel.localhost']);
    await Promise.all([writeFile(tlsCertificate, made.certificate), writeFile(tlsKey, made.key)]);
    facilitator = await startFacilitator([], {
      host: '127.0.0.1',
      tlsPort: 0,
      tlsCertificate,
      tlsKey,
      panelHotkeys: [`${address}:read`],
    });
    const tls = facilitator.app.get(TlsPort, { strict: false }).address as AddressInfo;
    secure = `https://panel.localhost:${tls.port}`;
    const operators = facilitator.app.get(Operators, { strict: false });
    await operators.create({ name: 'cook', role: 'operate', password }, null);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await facilitator?.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    page = await openPage(browser, complaints);
    return async () => {
      await page.context().close();
      expect(complaints.splice(0).filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
    };
  });

  const isIn = () => page.getByRole('menuitem', { name: 'Jobs' }).waitFor();

  it('takes no password over plain HTTP from elsewhere, where it shows the way through ssh; over TLS it does', async () => {
    const { port } = new URL(facilitator.url);
    await visit(page, `http://panel.localhost:${port}/admin/`);
    await page.getByText(`ssh -L ${port}:127.0.0.1:${port} panel.localhost`).waitFor();
    expect(await page.locator('form').count()).toBe(0);
    await logIn(page, secure, 'cook');
    await isIn();
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: '__Host-horde-facilitator', secure: true, httpOnly: true }]);
  });

  it('has an address wait that has tried wrong passwords, and the owner at another one not at all', async () => {
    await page.setExtraHTTPHeaders({ 'x-real-ip': '203.0.113.7' });
    for (let attempt = 1; attempt <= 4; attempt++) {
      await logIn(page, secure, 'cook', `wrong ${attempt}`);
      await page.getByRole('alert').getByText('There is no account with this name and password.').waitFor();
    }
    // It waits from now on, and longer each time: so long that it does for this one.
    await facilitator.database.manager.query(
      `update login_delay set retry_at = now() + interval '30 seconds'`,
    );
    await logIn(page, secure, 'cook');
    await page.getByRole('alert').getByText('Too many logins have failed from 203.0.113.7.').waitFor();
    await page.setExtraHTTPHeaders({});
    await logIn(page, secure, 'cook');
    await isIn();
  });

  it('asks for the password again when a login has run out, and lets no page of others use one', async () => {
    await logIn(page, facilitator.url, 'cook');
    await isIn();
    const foreign = `<form method="post" action="${facilitator.url}/admin/login/">
      <input name="name" value="cook"><input name="password" value="${password}"><button>Go</button></form>`;
    await page
      .context()
      .route('http://evil.example/', (route) => route.fulfill({ contentType: 'text/html', body: foreign }));
    await visit(page, 'http://evil.example/');
    await page.getByRole('button', { name: 'Go' }).click();
    await page.getByText('This form is not of this panel.').waitFor();

    await visit(page, `${facilitator.url}/admin/`);
    await isIn();
    await facilitator.database.manager.query(
      `update operator_session set used_at = now() - interval '61 minutes'`,
    );
    // It may have found that out by itself, by what it asks without a click.
    const asked = page.getByLabel('Password');
    await page.getByRole('menuitem', { name: 'Validators' }).or(asked).first().click();
    await asked.waitFor();
    expect(new URL(page.url()).pathname).toBe('/admin/login/');
  });

  it('axe has nothing against any of its pages, light or dark', async () => {
    const found: string[] = [];
    /** Once a page says this. */
    const look = async (says: string) => {
      await page.getByText(says).first().waitFor();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await foundByAxe(page, `${says}, ${colorScheme}`)));
      }
    };
    const operators = facilitator.app.get(Operators, { strict: false });
    await operators.remove('cook', null);
    await visit(page, `${facilitator.url}/admin/`);
    await look('create_admin NAME');
    await operators.create({ name: 'cook', role: 'operate', password }, null);
    await operators.create({ name: 'new', role: 'read', password, mustChangePassword: true }, null);
    await visit(page, `${facilitator.url}/admin/`);
    await look('Account');
    await logIn(page, facilitator.url, 'cook', 'wrong');
    await look('There is no account with this name and password.');
    await visit(page, facilitator.url.replace('127.0.0.1', 'panel.localhost') + '/admin/');
    await look('This connection is not encrypted');
    await visit(page, `${facilitator.url}/admin/login/hotkey/`);
    await look('horde panel login ADDRESS');
    await visit(page, `${facilitator.url}/admin/login/hotkey/?again#${'a'.repeat(43)}`);
    await look('You have asked for this');
    await page.getByRole('button', { name: 'Log in' }).click();
    await look('This link has been used');
    await logIn(page, facilitator.url, 'new');
    await look('The password was given to you');
    await page.getByLabel('Present password').fill('another one');
    await page.getByLabel('New password').fill(`${password} new`);
    await page.keyboard.press('Enter');
    await look('The present password is another one.');
    expect(found).toEqual([]);
  }, 120_000);

  it('lets a hotkey in by the link of horde panel login, which works once', async () => {
    const made = await horde(['panel', 'login', facilitator.url, ...wallet], folder);
    const link = made.stdout.trim();
    expect([made.code, link]).toEqual([0, expect.stringMatching(/\/admin\/login\/hotkey\/#[\w-]{43}$/)]);
    await visit(page, link);
    const button = page.getByRole('button', { name: 'Log in' });
    await button.waitFor();
    expect(page.url()).toBe(`${facilitator.url}/admin/login/hotkey/`);
    await page.keyboard.press('Enter');
    await isIn();
    // The panel itself would go to its login meanwhile.
    await visit(page, 'about:blank');
    await page.context().clearCookies();
    await visit(page, link);
    await button.click();
    await page.getByRole('alert').getByText('This link has been used, or is older than a minute.').waitFor();
    const elsewhere = await horde(['panel', 'login', 'http://panel.localhost:9000', ...wallet], folder);
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      2,
      expect.stringContaining('ssh -L 9000:127.0.0.1:9000'),
    ]);
  });
});
