import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dataFolder } from '../paths.ts';
import { row } from '../row.ts';
import { panelAccount, panelServices } from './services.ts';

const file = path.join(dataFolder, 'panel-password');

/** The password that the account of each panel begins with: made on first use, in a file of mode 0600. */
export async function panelPassword(): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known) return known;
  const made = randomBytes(18).toString('base64url');
  await mkdir(dataFolder, { recursive: true, mode: 0o755 });
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

/** Where the panels are and how one gets in, for people. */
export async function panelLines(services: { name: string; url: string }[]): Promise<string[]> {
  const panels = services.filter(({ name }) => panelServices.some((service) => service === name));
  const lines = panels.map(({ name, url }, at) =>
    row(at === 0 ? 'panel' : '', `${url}/admin/ (the ${name}'s)`),
  );
  const login = `account ${panelAccount}, password ${await panelPassword()}, as long as nobody changes it`;
  return [...lines, row('', login)];
}
