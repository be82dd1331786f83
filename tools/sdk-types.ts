import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { createFakeJsPlugin } from 'rolldown-plugin-dts';
import ts from 'typescript';

/** The types of what libs/sdk exports, in one text that imports nothing of ours. */
export async function sdkTypes(): Promise<string> {
  const cache = path.resolve('node_modules/.cache'); // fresh installations have none
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'sdk-types-'));
  try {
    declare('libs/sdk/src/index.ts', folder);
    const bundle = await rolldown({
      input: path.join(folder, 'libs/sdk/src/index.d.ts'),
      external: /^node:/,
      treeshake: { moduleSideEffects: false },
      plugins: [
        declarations(folder),
        createFakeJsPlugin({ sourcemap: false, cjsDefault: false, sideEffects: false }),
      ],
    });
    const { output } = await bundle.generate({ format: 'esm', entryFileNames: 'index.d.ts' });
    await bundle.close();
    return output[0].code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes a declaration file for each source that `entry` reaches. */
function declare(entry: string, folder: string): void {
  const { config } = ts.readConfigFile('tsconfig.json', (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
  const program = ts.createProgram([entry], {
    ...options,
    noEmit: false,
    incremental: false,
    tsBuildInfoFile: undefined,
    declaration: true,
    emitDeclarationOnly: true,
    // Reached over node_modules they would be somebody else's, which are not written.
    paths: { '@horde/*': ['./libs/*/src/index.ts'] },
    rootDir: '.',
    outDir: folder,
  });
  program.emit();
}

/** Finds the declaration files of our own sources. */
const declarations = (folder: string): Plugin => ({
  name: 'declarations',
  resolveId(id, importer) {
    const [, library] = /^@horde\/([\w-]+)$/.exec(id) ?? [];
    if (library) return path.join(folder, 'libs', library, 'src/index.d.ts');
    if (!importer || !id.startsWith('.')) return null;
    return path.resolve(path.dirname(importer), id).replace(/(?<!\.d)\.ts$/, '.d.ts');
  },
});
