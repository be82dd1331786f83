import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from './index.ts';

const run = promisify(execFile);

async function bundled(sourcemap: boolean) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'horde-places-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const source = path.join(folder, 'broken.ts');
  await writeFile(source, `\n\nexport function broken(): never {\n  throw new Error('it broke');\n}\n`);
  const bundle = await rolldown({ input: source });
  const file = path.join(folder, 'main.mjs');
  await bundle.write({ file, format: 'esm', minify: true, sourcemap, sourcemapExcludeSources: true });
  await bundle.close();
  const script = `import { broken } from ${JSON.stringify(pathToFileURL(file).href)};
    try { broken(); } catch (error) { process.stdout.write(error.stack); }`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  return { stack: stdout, file, source };
}

function logged(stack: string): string {
  const lines: string[] = [];
  const logger = createLogger('test', { write: (line) => void lines.push(line) });
  logger.error({ error: Object.assign(new Error('it broke'), { stack }) }, 'it failed');
  return (JSON.parse(lines[0]!) as { error: { stack: string } }).error.stack;
}

it('an error of a bundle is written with its place in the source', async () => {
  const { stack, source } = await bundled(true);
  expect(logged(stack)).toContain(`${source}:4:`);
});

it('an error of a bundle without a map is written with its place in the bundle', async () => {
  const { stack, file } = await bundled(false);
  expect(logged(stack)).toContain(`${file}:1:`);
});

it('an error that comes from a package in the bundle, of which the map knows nothing, is written as it is', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'horde-places-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'main.mjs');
  await writeFile(file, '');
  // A segment of a generated column alone, as packages have it, and one of a source behind it.
  const map = { version: 3, file: 'main.mjs', sources: ['main.ts'], names: [], mappings: 'A,gBAAA' };
  await writeFile(`${file}.map`, JSON.stringify(map));
  const stack = `Error: it broke\n    at broken (file://${file}:1:5)`;
  expect(logged(stack)).toBe(stack);
});
