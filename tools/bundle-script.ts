import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { workers } from './bundle-workers.ts';

/**
 * Bundles a script of ours, so that plain Node runs it although it uses decorators. Packages from the registry stay
 * outside of the bundle.
 * @returns the path of the bundle
 */
export async function bundleScript(entry: string): Promise<string> {
  const folder = 'node_modules/.cache/horde-scripts';
  mkdirSync(folder, { recursive: true });
  const file = path.resolve(folder, `${path.basename(entry, '.ts')}-${process.pid}.mjs`);
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    tsconfig: path.resolve('tsconfig.json'),
    plugins: [workers()],
    external: (id) => !/^([./\0]|@horde\/|@oxc-project\/)/.test(id),
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  return file;
}
