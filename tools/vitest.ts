/** Runs the specs below folders, those of files, or all of them, and leaves their counts in reports/NAME.json. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';

const [name, ...named] = process.argv.slice(2);
if (!name) throw new Error('usage: vitest.ts NAME [FOLDER or FILE…]');
mkdirSync('reports', { recursive: true });
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=reports/${name}.json`];
const vitest = existsSync('node_modules/vitest/vitest.mjs') ? 'node_modules/vitest/vitest.mjs' : '';
if (!vitest) throw new Error('The packages are not installed: run ./horde test.');
const places = named.map((place) => (place.endsWith('.spec.ts') ? place : `${place}/`));
// nx asks for colours in everything that is started below it, and specs read what processes print.
const { FORCE_COLOR: _forced, ...environment } = process.env;
const { status } = spawnSync(process.execPath, [vitest, 'run', ...places, ...reporters], {
  stdio: 'inherit',
  env: { ...environment, NO_COLOR: '1' },
});
process.exit(status ?? 1);
