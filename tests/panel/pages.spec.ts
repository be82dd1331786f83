import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { because } from '@horde/testing/missing';
import { PanelClient } from '@horde/testing/panel-client';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundByAxe } from './axe.ts';
import { logIn, missing, openBrowser, openPage, password, planted, visit } from './browser.ts';
import type { Face, FacePage, Strangers } from './faces/face.ts';
import { facilitatorFace } from './faces/facilitator-face.ts';
import { minerFace } from './faces/miner-face.ts';
import { takePicture } from './faces/picture.ts';
import { validatorFace } from './faces/validator-face.ts';

const faces: Record<Face['service'], (said: Strangers) => Promise<Face>> = {
  facilitator: facilitatorFace,
  validator: validatorFace,
  miner: minerFace,
};
const services = Object.keys(faces) as Face['service'][];
const given = process.env['PANEL_THEMES'];
/** Each day the light one; `./horde test --all` has the other one behind it, and pictures have both. */
const themes = (given ?? 'light').split(' ') as ('light' | 'dark')[];
const isWhole = given !== undefined;
/** Where pictures of all pages go: without what strangers might plant. @default none are taken */
const pictures = process.env['PANEL_PICTURES'];
const said: Strangers = (text) => (pictures ? text : `${text} ${planted}`);

const everyday = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

describe.skipIf(missing !== null)(`the panel’s pages in a browser${because(missing)}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await openBrowser()));
  afterAll(() => browser?.close());

  describe.each(services)('%s', (service) => {
    let face: Face;
    const complaints: string[] = [];
    beforeAll(async () => void (face = await faces[service](said)));
    afterAll(async () => {
      if (pictures) keep(service, 'README.md', galleryOf(face));
      await face?.stop();
    });

    it.each(themes)(
      'axe has nothing against any, what changes is read out, a phone scrolls none sideways, strangers’ words are text: %s',
      async (theme) => {
        const page = await openPage(browser, complaints, {
          colorScheme: theme,
          reducedMotion: 'reduce',
          viewport: everyday,
          ...(pictures && { timezoneId: 'UTC' }),
        });
        if (pictures) await keepLogins(page, face, theme);
        await logIn(page, face.url, face.name);
        await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
        const found: string[] = [];
        for (const one of face.pages) {
          await show(page, face, one);
          found.push(...(await foundByAxe(page, one.name)));
          if (pictures) keep(service, `${one.name}-${theme}.webp`, await takePicture(page));
          await page.setViewportSize(phone);
          await expect
            .poll(() => page.evaluate('document.documentElement.scrollWidth'), {
              message: `how wide ${one.name} is on a phone`,
            })
            .toBeLessThanOrEqual(phone.width);
          await page.setViewportSize(everyday);
        }
        expect(await page.evaluate('window.planted')).toBeUndefined();
        expect(found).toEqual([]);
        expect(complaints).toEqual([]);
        await page.context().close();
      },
      300_000,
    );

    it.each(themes)(
      'axe has nothing against what opens above its pages, or against lists without a row: %s',
      async (theme) => {
        const page = await openPage(browser, complaints, {
          colorScheme: theme,
          reducedMotion: 'reduce',
          viewport: everyday,
        });
        const found: string[] = [];
        const look = async (name: string, isCovered = true) =>
          found.push(...(await foundByAxe(page, name, isCovered)));
        /** @param opened a part of what has opened */
        const leave = async (opened: Locator) => {
          await page.keyboard.press('Escape');
          await opened.waitFor({ state: 'detached' });
        };
        const dialog = page.getByRole('dialog');
        await logIn(page, face.url, face.name);
        await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox', { name: 'Search' }).waitFor();
        await look('search');
        await page.keyboard.type('job');
        await page.getByRole('option').first().waitFor();
        await look('search with finds');
        await leave(dialog);
        await page.getByRole('button', { name: `${face.name}: log out` }).click();
        const logout = page.getByRole('menuitem', { name: 'Logout' });
        await logout.waitFor();
        await look('menu of the account');
        await leave(logout);
        await visit(page, `${face.url}/admin/#/configuration`);
        await page
          .getByRole('button', { name: /^Change [A-Z]/ })
          .first()
          .click();
        await dialog.waitFor();
        await look('change of a setting');
        await leave(dialog);
        await visit(page, `${face.url}/admin/#/${face.asks.path}`);
        await page.getByRole('button', { name: face.asks.button }).click();
        await dialog.waitFor();
        await look(face.asks.button);
        await leave(dialog);
        const filter = encodeURIComponent(JSON.stringify({ uuid_prefix: 'ffffffff' }));
        await visit(page, `${face.url}/admin/#/jobs?filter=${filter}`);
        await page.getByText('0 jobs', { exact: true }).waitFor();
        await look('no jobs', false);
        await page.getByRole('combobox', { name: 'Status' }).click();
        const choices = page.getByRole('listbox');
        await choices.waitFor();
        await look('choices of a filter');
        await leave(choices);
        expect(found).toEqual([]);
        expect(complaints).toEqual([]);
        await page.context().close();
      },
      120_000,
    );

    it.runIf(isWhole)(
      'has nothing on any page that changes something for the role read, and axe nothing against what is left',
      async () => {
        const found: string[] = [];
        const cook = await buttonsOf(face, 'cook');
        const guest = await buttonsOf(face, 'guest', async (page, name) => {
          found.push(...(await foundByAxe(page, name)));
        });
        expect([...cook].filter((name) => !guest.has(name)).toSorted()).toEqual(face.changing);
        expect(found).toEqual([]);
      },
      120_000,
    );

    it('refuses the role read every change, and strangers, too', async () => {
      const client = await PanelClient.logIn(face.url, 'guest', password);
      const { paths } = (await client.get('openapi.json')).json as {
        paths: Record<string, Record<string, unknown>>;
      };
      const changes = Object.entries(paths).flatMap(([at, methods]) =>
        Object.keys(methods)
          .filter((method) => method !== 'get')
          .map((method) => [method, at] as const),
      );
      expect(changes.length).toBeGreaterThan(2);
      for (const [method, at] of changes) {
        const route = at.replace('/admin/api/', '').replaceAll(/\{\w+\}/g, 'x');
        const answer = async (headers?: Record<string, string>) =>
          (await client.change(method.toUpperCase(), route, {}, headers)).status;
        expect([method, at, await answer(), await answer({})]).toEqual([method, at, 403, 401]);
      }
      const open = await Promise.all(
        ['metrics', 'business-metrics'].map(async (at) => (await fetch(`${face.url}/${at}`)).status),
      );
      // What a service does not have is not there for strangers, either.
      for (const status of open) expect([401, 404]).toContain(status);
      expect(open[0]).toBe(401);
    }, 120_000);

    /** What the buttons and links of all its pages are called, for an account. @param look is done at each page, by name */
    async function buttonsOf(
      { url, pages, changing }: Face,
      account: string,
      look?: (page: Page, name: string) => Promise<void>,
    ): Promise<Set<string>> {
      const page = await openPage(browser, complaints, { reducedMotion: 'reduce', viewport: everyday });
      await logIn(page, url, account);
      await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
      const main = page.locator('main');
      const names: string[] = [];
      for (const { name, path: at, says, isForm } of pages) {
        if (isForm) continue;
        await visit(page, `${url}/admin/#/${at}`);
        for (const text of says.filter((one) => !changing.includes(one)))
          await page.getByText(text).first().waitFor();
        for (const one of await main.getByRole('button').or(main.getByRole('link')).all())
          names.push((await one.getAttribute('aria-label')) ?? (await one.textContent()) ?? '');
        await look?.(page, name);
      }
      await page.context().close();
      const kindOf = (name: string) =>
        name.replace(/: \w{48}$/, '').replace(/^Change [A-Z][A-Z\d_]+$/, 'Change a setting');
      return new Set(names.map(kindOf));
    }

    it('shows what its API answers', async () => {
      const client = await PanelClient.logIn(face.url, 'cook', password);
      const [overview, { count, results }] = await Promise.all(
        ['overview', 'jobs?page_size=25'].map(async (at) => (await client.get(at)).json),
      );
      const page = await openPage(browser, complaints, { viewport: everyday });
      await logIn(page, face.url, 'cook');
      const sum = (part: string) =>
        overview.hours.reduce((all: number, hour: Record<string, number>) => all + hour[part]!, 0) as number;
      const jobs = `Of the jobs of the last 24 hours ${sum('completed')} have completed, ${sum('failed')} have failed, and ${sum('going_on')} go on.`;
      await page.getByText(jobs).first().waitFor();
      for (const [title, spans] of Object.entries(face.charts(overview)))
        expect([title, await page.getByRole('region', { name: title }).locator('rect').count()]).toEqual([
          title,
          spans.length,
        ]);
      await visit(page, `${face.url}/admin/#/jobs`);
      await page.getByText(`${count} jobs`).waitFor();
      const shown = await page.locator('tbody tr').allTextContents();
      expect(shown).toHaveLength(results.length);
      for (const [at, { uuid }] of results.entries()) expect(shown[at]).toContain(uuid);
      await page.context().close();
    }, 60_000);

    it('finds its pages by the names that they had with ComputeHorde', async () => {
      const page = await openPage(browser, complaints, { viewport: everyday });
      await logIn(page, face.url, 'cook');
      await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
      for (const name of face.oldNames) {
        await page.keyboard.press('Control+k');
        await page.keyboard.type(name);
        await page.getByRole('option', { name: `also called ${name}` }).waitFor();
        await page.keyboard.press('Enter');
        await page.getByRole('option').first().waitFor({ state: 'detached' });
      }
      await page.context().close();
    }, 60_000);

    it('runs no script but its own, and stands in no page of others', async () => {
      const page = await openPage(browser, []);
      await logIn(page, face.url, 'cook');
      await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
      const refused = page.waitForEvent('console', (message) =>
        message.text().includes('Content Security Policy'),
      );
      await page.evaluate(
        `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.planted = 1' }))`,
      );
      await refused;
      expect(await page.evaluate('window.planted')).toBeUndefined();
      for (const at of ['', 'api/session', 'login/', 'nothing/']) {
        const { headers } = await fetch(`${face.url}/admin/${at}`, { redirect: 'manual' });
        expect([at, headers.get('x-content-type-options')]).toEqual([at, 'nosniff']);
        expect(headers.get('content-security-policy'), at).toMatch(
          /^default-src 'none';.*frame-ancestors 'none'/,
        );
      }
      const [shown] = await Promise.all([
        page.waitForResponse((response) => response.url() === `${face.url}/admin/`),
        page.reload(),
      ]);
      expect(shown.headers()['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
      );
      const foreign = `<iframe src="${face.url}/admin/"></iframe>`;
      await page.route('http://evil.example/', (route) =>
        route.fulfill({ contentType: 'text/html', body: foreign }),
      );
      await visit(page, 'http://evil.example/');
      await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);
      await page.context().close();
    }, 60_000);
  });
});

function keep(service: string, name: string, content: Buffer | string): void {
  const folder = path.join(pictures!, service);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), content);
}

/** What strangers see: the login, and its refusal over plain HTTP from elsewhere. */
const logins = [
  { name: 'login', host: '127.0.0.1', says: 'Account' },
  { name: 'login-elsewhere', host: 'panel.localhost', says: 'ssh -L' },
];

async function keepLogins(page: Page, { service, url }: Face, theme: string): Promise<void> {
  for (const { name, host, says } of logins) {
    await visit(page, `${url.replace('127.0.0.1', host)}/admin/`);
    await page.getByText(says).first().waitFor();
    keep(service, `${name}-${theme}.webp`, await takePicture(page));
  }
}

/** The page that shows all pictures of a face. */
function galleryOf({ service, pages }: Face): string {
  const shown = [...logins, ...pages].map(({ name }) => {
    const lines = themes.map((theme) => `![${name}, ${theme}](${name}-${theme}.webp)`);
    return `## ${name}\n\n${lines.join('\n')}\n`;
  });
  return [`# Pages of the ${service}’s panel\n`, ...shown].join('\n');
}

async function show(
  page: Page,
  { url }: Face,
  { path: at, says, live = [], before }: FacePage,
): Promise<void> {
  await visit(page, `${url}/admin/#/${at}`);
  for (const text of says) await page.getByText(text).first().waitFor();
  await before?.(page);
  for (const [role, name] of live)
    await page.getByRole(role, { name, exact: true }).waitFor({ state: 'attached' });
}
