import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/**
 * Bundles the panel: scripts named by their content, each beside itself compressed, and panel.json, which names those that
 * a page begins with.
 *
 * @param folder holds nothing else then
 * @returns the modules that it is made of, as files
 */
export async function bundlePanel(folder: string): Promise<string[]> {
  const bundle = await rolldown({
    input: { panel: 'apps/panel/src/main.tsx' },
    platform: 'browser',
    tsconfig: path.resolve('apps/panel/tsconfig.json'),
    transform: { jsx: { runtime: 'automatic' }, define: { 'process.env.NODE_ENV': '"production"' } },
    // React's libraries say "use client" to frameworks that are not here.
    onLog: (level, log, handler) => {
      if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handler(level, log);
    },
  });
  const { output } = await bundle.write({
    dir: folder,
    cleanDir: true,
    format: 'esm',
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[name]-[hash].js',
    comments: false,
    minify: true,
  });
  await bundle.close();

  const [entry] = output;
  const manifest = { entry: entry.fileName, needed: entry.imports };
  writeFileSync(path.join(folder, 'panel.json'), JSON.stringify(manifest));
  for (const { fileName } of output) {
    const file = path.join(folder, fileName);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

if (import.meta.main) await bundlePanel('apps/panel/dist');
