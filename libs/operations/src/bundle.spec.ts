import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const operations = fileURLToPath(new URL('index.ts', import.meta.url));

async function bundled(options: object, sources: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-bundle-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(path.join(folder, 'app/src'), { recursive: true });
  await writeFile(path.join(folder, 'app/package.json'), JSON.stringify({ bundle: options }));
  for (const [name, text] of Object.entries(sources)) {
    await writeFile(path.join(folder, 'app/src', name), text);
  }
  const out = path.join(folder, 'out');
  await run(process.execPath, ['tools/bundle.ts', path.join(folder, 'app'), out], { cwd: root });
  return out;
}

const sources = {
  'main.ts': `import { CannotStart } from ${JSON.stringify(operations)};
    const Row = class AddRows1700000000000 {};
    const commands = await import('./command.ts');
    console.log(CannotStart.name, Row.name, commands.onlyCommand.name, (() => 1).name === '', process.argv[2]);`,
  'command.ts': `export function onlyCommand() { return 'only a command needs this sentence'; }`,
};

it('a service bundled into several files keeps the names of its classes and functions', async () => {
  const out = await bundled({ split: true }, sources);
  expect((await readdir(out)).filter((name) => name.endsWith('.mjs')).length).toBeGreaterThan(2);
  const { stdout } = await run(process.execPath, ['main.mjs', 'word'], { cwd: out });
  expect(stdout.trim()).toBe('CannotStart AddRows1700000000000 onlyCommand true word');
});

it('an app that does not ask for several files is one, and keeps its names too', async () => {
  const out = await bundled({}, sources);
  expect((await readdir(out)).sort()).toEqual(['main.mjs', 'main.mjs.map']);
  const { stdout } = await run(process.execPath, ['main.mjs', 'word'], { cwd: out });
  expect(stdout.trim()).toBe('CannotStart AddRows1700000000000 onlyCommand true word');
});
