import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '@horde/testing/horde';
import { chromium, type Browser, type BrowserContextOptions, type Page, type Request } from 'playwright-core';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
);
/** Why there is no browser; null: there is one. */
export const missing = program === undefined ? 'this machine has no Chromium' : null;

const options = `--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync`.split(/\s+/);

/** What a stranger writes where it hopes to be read as HTML. */
export const planted = `<img src=x onerror="window.planted=1"><script>window.planted=1</script>`;
/** Of all accounts in these specs. */
export const password = 'correct horse battery';

/** The distribution's browser, with the panel built. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(path.join(root, 'apps/panel/dist/panel.json')))
    execFileSync(process.execPath, ['tools/bundle-panel.ts'], { cwd: root });
  return chromium.launch({ executablePath: program!, args: options });
}

/**
 * A page of nobody who was there before.
 *
 * @param complaints gets what it complains of: scripts and styles that its policy does not let in, too
 */
export async function openPage(
  browser: Browser,
  complaints: string[],
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  page.on(
    'console',
    (message) =>
      message.type() === 'error' && !isOfNetwork(message.text()) && complaints.push(message.text()),
  );
  page.on('pageerror', (error) => complaints.push(String(error)));
  return page;
}

/** Chromium gives up what it loads when an interface of the machine comes or goes, as those of containers beside it do. */
const isOfNetwork = (said: string): boolean => said.includes('ERR_NETWORK_CHANGED');

/** Opens an address, as often as the machine's network changes meanwhile. */
export async function visit(page: Page, url: string): Promise<void> {
  try {
    await page.goto(url);
  } catch (error) {
    if (!isOfNetwork(String(error)) && !isOvertaken(String(error))) throw error;
    await visit(page, url);
  }
}

/** A lost navigation ends the next one late, by the page that tells of it or as Chromium loads it again by itself. */
const isOvertaken = (said: string): boolean => said.includes('is interrupted by another navigation');

/** Fills in the login of a service's panel. @param url of the service */
export async function logIn(page: Page, url: string, name: string, word = password): Promise<void> {
  await visit(page, `${url}/admin/`);
  await page.getByLabel('Account').fill(name);
  await page.getByLabel('Password').fill(word);
  const isSent = (request: Request) => request.method() === 'POST';
  const given = page.waitForEvent('requestfinished', { predicate: isSent, timeout: 0 });
  const lost = page.waitForEvent('requestfailed', { predicate: isSent, timeout: 0 });
  await page.keyboard.press('Enter');
  const error = (await Promise.race([given, lost])).failure()?.errorText;
  if (error === undefined) return;
  if (!isOfNetwork(error)) throw new Error(`The login was not sent: ${error}.`);
  await logIn(page, url, name, word);
}
