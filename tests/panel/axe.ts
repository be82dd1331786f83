import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const require = createRequire(import.meta.url);
const source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Of what axe finds, what is told. */
interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/**
 * What axe has against a page, a line for each element.
 *
 * @param name of the page, which each line begins with
 * @param isCovered something has opened above the page, which is in none of its regions
 */
export async function foundByAxe(page: Page, name: string, isCovered = false): Promise<string[]> {
  if (!(await page.evaluate('Boolean(window.axe)'))) await page.evaluate(source);
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(document, { resultTypes: ['violations'], rules: { region: { enabled: ${!isCovered} } } })`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) =>
        `${name}: ${id}: ${html.slice(0, 200)} ${failureSummary.replaceAll(/\s+/g, ' ')}`,
    ),
  );
}
