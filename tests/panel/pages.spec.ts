import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { because } from '@horde/testing/missing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundByAxe } from './axe.ts';
import { logIn, missing, openBrowser, openPage, planted, visit } from './browser.ts';
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
const themes = (process.env['PANEL_THEMES'] ?? 'light').split(' ') as ('light' | 'dark')[];
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
        await logIn(page, face.url, face.name);
        await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
        const found: string[] = [];
        for (const one of face.pages) {
          await show(page, face, one);
          found.push(...(await foundByAxe(page)).map((line) => `${one.name}: ${line}`));
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
  });
});

function keep(service: string, name: string, content: Buffer | string): void {
  const folder = path.join(pictures!, service);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), content);
}

/** The page that shows all pictures of a face. */
function galleryOf({ service, pages }: Face): string {
  const shown = pages.map(({ name }) => {
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
