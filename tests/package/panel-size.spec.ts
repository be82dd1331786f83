import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { bundlePanel } from '../../tools/bundle-panel.ts';

/** What a first load may take, without its page and its first answers. @unit bytes, compressed */
const most = 480_000;

it('the scripts that each page of the panel begins with stay below 480 kB, compressed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-panel-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await bundlePanel(folder);
  const { entry, needed } = JSON.parse(await readFile(path.join(folder, 'panel.json'), 'utf8')) as {
    entry: string;
    needed: string[];
  };
  const sizes = await Promise.all(
    [entry, ...needed].map(async (name) => (await stat(path.join(folder, `${name}.gz`))).size),
  );
  const sum = sizes.reduce((all, one) => all + one, 0);
  expect(sum).toBeGreaterThan(100_000);
  expect(sum).toBeLessThan(most);
});
