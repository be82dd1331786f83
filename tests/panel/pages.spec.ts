import { because } from '@horde/testing/missing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundByAxe } from './axe.ts';
import { logIn, missing, openBrowser, openPage, planted } from './browser.ts';
import type { Face, Strangers } from './faces/face.ts';
import { facilitatorFace } from './faces/facilitator-face.ts';

/** `light` or `dark`, or both. */
const themes = (process.env['PANEL_THEMES'] ?? 'light').split(' ') as ('light' | 'dark')[];
const open: Record<string, (said: Strangers) => Promise<Face>> = { facilitator: facilitatorFace };

describe.skipIf(missing !== null)(`the panel’s pages in a browser${because(missing)}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await openBrowser()));
  afterAll(() => browser?.close());

  describe.each(Object.keys(open))('%s', (service) => {
    let face: Face;
    const complaints: string[] = [];
    beforeAll(async () => void (face = await open[service]!((text) => `${text} ${planted}`)));
    afterAll(() => face?.stop());

    it.each(themes)(
      'axe has nothing against any, a phone scrolls none sideways, and strangers’ words are text: %s',
      async (theme) => {
        const page = await openPage(browser, complaints, { colorScheme: theme });
        await logIn(page, face.url, face.name);
        await page.getByRole('menuitem', { name: 'Configuration' }).waitFor();
        const found: Record<string, string[]> = {};
        for (const one of face.pages) {
          await page.goto(`${face.url}/admin/#/${one.path}`);
          for (const text of one.says) await page.getByText(text).first().waitFor();
          await one.before?.(page);
          found[one.name] = await foundByAxe(page);
          await page.setViewportSize({ width: 390, height: 844 });
          const wide = await page.evaluate('document.documentElement.scrollWidth');
          if (Number(wide) > 390) found[one.name]!.push(`a phone scrolls it sideways: it is ${wide} wide`);
          await page.setViewportSize({ width: 1280, height: 800 });
        }
        expect(await page.evaluate('window.planted')).toBeUndefined();
        expect(Object.entries(found).filter(([, lines]) => lines.length > 0)).toEqual([]);
        expect(complaints).toEqual([]);
        await page.context().close();
      },
      300_000,
    );
  });
});
