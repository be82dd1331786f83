import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { password, visit } from './browser.ts';

/** What has the focus, as it is called. */
const focused = `(() => {
  const one = document.activeElement;
  const by = document.getElementById(one.getAttribute('aria-labelledby')?.split(' ')[0]);
  return one.getAttribute('aria-label') ?? by?.textContent ?? one.labels?.[0]?.textContent ?? one.textContent ?? '';
})()`;
/** More of them no page has. */
const mostStops = 120;

/** Presses Tab until what has the focus is called so, or begins so. */
const tabTo = (page: Page, name: string): Promise<void> =>
  tabUntil(page, name, (focus) => focus.startsWith(name));

async function tabUntil(page: Page, name: string, isIt: (focus: string) => boolean): Promise<void> {
  for (let presses = 0; presses < mostStops; presses++) {
    await page.keyboard.press('Tab');
    if (isIt(await page.evaluate<string>(focused))) return;
  }
  throw new Error(`Tab never comes to ${name}.`);
}

/** Goes to a field, and types there. @param label all of it; some of what has the focus begins as it does */
export async function typeInto(page: Page, label: string, keys: string): Promise<void> {
  await page.getByLabel(label).first().waitFor();
  await tabUntil(page, label, (focus) => focus.replace(/\s*\*$/, '') === label);
  await page.keyboard.type(keys);
}

/** Goes to a list of choices, and takes one. @param keys how it begins */
export async function choose(page: Page, label: string, keys: string): Promise<void> {
  await typeInto(page, label, ' ');
  await page.getByRole('listbox').waitFor();
  await page.keyboard.type(keys);
  await page.keyboard.press('Enter');
  await page.getByRole('listbox').waitFor({ state: 'detached' });
}

/** Waits until a field has the focus by itself: what is typed before goes nowhere. */
export const hasFocus = (page: Page, label: string): Promise<void> =>
  page.getByLabel(label).and(page.locator(':focus')).waitFor();

/** Goes to what is called so, and presses Enter there. */
export async function press(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Logs in with the password of all accounts. @param url of the service */
export async function logInByKeys(page: Page, url: string, name: string): Promise<void> {
  await visit(page, `${url}/admin/`);
  await hasFocus(page, 'Account');
  await page.keyboard.type(name);
  await tabTo(page, 'Password');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Jobs' }).waitFor();
}

/** Presses what is called so, and then what the dialog that this opens has to confirm it. */
export async function pressAndConfirm(page: Page, name: string, confirm: string): Promise<void> {
  await page.getByRole('button', { name }).waitFor();
  await press(page, name);
  await page.getByRole('dialog').getByRole('button', { name: confirm, exact: true }).waitFor();
  await press(page, confirm);
}

/** Opens a page by searching for it. @param option what the search calls it, as its first find */
export async function find(page: Page, text: string, option: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await hasFocus(page, 'Search');
  await page.keyboard.type(text);
  await page.getByRole('option', { name: option, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('combobox', { name: 'Search' }).waitFor({ state: 'detached' });
}

/** Changes a setting. @param keys what is typed as its value @param says how the page shows that */
export async function changeSetting(page: Page, name: string, keys: string, says: string): Promise<void> {
  await find(page, 'constance', 'Configuration also called CONSTANCE');
  const value = page
    .getByRole('row')
    .filter({ hasText: name })
    .getByRole('cell', { name: says, exact: true });
  await page.getByRole('button', { name: `Change ${name}` }).waitFor();
  expect(await value.count()).toBe(0);
  await press(page, `Change ${name}`);
  await hasFocus(page, 'Value');
  await page.keyboard.press('Control+a');
  await page.keyboard.type(keys);
  await press(page, 'Change it');
  await value.waitFor();
}

/** Leaves the panel. @param name of the account */
export async function logOut(page: Page, name: string): Promise<void> {
  await press(page, `${name}: log out`);
  await page.getByRole('menuitem', { name: 'Logout' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByLabel('Account').waitFor();
}
