/**
 * Makes libs/sdk/dist: the SDK as a package that needs no other, for Node 20 and newer. `npm pack ./libs/sdk/dist` is what
 * would be published.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { licencesOf } from './licences.ts';
import { sdkReference } from './sdk-reference.ts';
import { sdkTypes } from './sdk-types.ts';

const folder = 'libs/sdk/dist';
const bundle = await rolldown({
  input: 'libs/sdk/src/index.ts',
  platform: 'node',
  tsconfig: path.resolve('tsconfig.json'),
  transform: { target: 'node20' },
  external: /^node:/,
  plugins: [
    {
      name: 'unused', // class-validator's telephone numbers
      resolveId: (id) =>
        id === 'libphonenumber-js' || id.startsWith('libphonenumber-js/') ? '\0unused' : null,
      load: (id) => (id === '\0unused' ? 'module.exports = {};' : null),
    },
  ],
});
const { output } = await bundle.write({
  dir: folder,
  format: 'esm',
  cleanDir: true,
  entryFileNames: 'index.js',
  chunkFileNames: '[name].js',
});
await bundle.close();

const { version, license, repository } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  string,
  unknown
>;
const manifest = {
  name: '@horde/sdk',
  version,
  description:
    'Runs container jobs on the ComputeHorde network: sends them, follows them, fetches their results.',
  license,
  repository,
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20' },
  exports: { '.': { types: './index.d.ts', default: './index.js' } },
};
writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
const types = await sdkTypes();
writeFileSync(path.join(folder, 'index.d.ts'), types);
writeFileSync(path.join(folder, 'REFERENCE.md'), sdkReference(types));
const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
writeFileSync(path.join(folder, 'THIRD_PARTY_LICENSES'), licencesOf(modules));
copyFileSync('LICENSE', path.join(folder, 'LICENSE'));
copyFileSync('libs/sdk/README.md', path.join(folder, 'README.md'));
