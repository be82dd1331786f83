/** How long a browser that was never there waits for the panel, and how much it has to fetch for it. */
import type { PanelClient } from '@horde/testing/panel-client';
import { openBrowser, openPage } from '../../../tests/panel/browser.ts';
import type { Figure } from '../figure.ts';
import { median } from '../miner/median.ts';

const loads = 5;
/** What the page has fetched, as it came over the wire, and when it first showed something. */
const look = `({
  paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  bytes: performance.getEntries().reduce((sum, { transferSize = 0 }) => sum + transferSize, 0),
})`;

/** Of a page with the list of jobs, for somebody who is logged in. @param url of the service */
export async function firstLoadFigures(service: string, url: string, client: PanelClient): Promise<Figure[]> {
  const [name, value] = client.headers.cookie.split('=') as [string, string];
  const browser = await openBrowser();
  const seen: { paint: number; bytes: number; rows: number }[] = [];
  try {
    for (let load = 0; load < loads; load++) {
      const page = await openPage(browser, []);
      await page.context().addCookies([{ name, value, url }]);
      const began = performance.now();
      await page.goto(`${url}/admin/#/jobs`);
      await page.getByRole('row').nth(1).waitFor();
      const rows = performance.now() - began;
      seen.push({ ...(await page.evaluate<{ paint: number; bytes: number }>(look)), rows });
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
  const note = `median of ${loads}, each with an empty cache; ${median(seen.map(({ rows }) => rows)).toFixed(0)} ms until the jobs are there`;
  return [
    {
      name: `${service}: first contentful paint`,
      value: median(seen.map(({ paint }) => paint)),
      unit: 'ms',
      bar: 1_000,
      atLeast: false,
      note,
    },
    {
      name: `${service}: first load`,
      value: Math.max(...seen.map(({ bytes }) => bytes)) / 1_000,
      unit: 'kB',
      bar: 500,
      atLeast: false,
      note: 'page, scripts and answers, as they came over the wire',
    },
  ];
}
