/** Runs the specs below one folder and leaves their counts in reports/NAME.json. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';

const [name, folder] = process.argv.slice(2);
if (!name || !folder) throw new Error('usage: vitest.ts NAME FOLDER');
mkdirSync('reports', { recursive: true });
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=reports/${name}.json`];
const vitest = existsSync('node_modules/vitest/vitest.mjs') ? 'node_modules/vitest/vitest.mjs' : '';
if (!vitest) throw new Error('The packages are not installed: run ./horde test.');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--dir', folder, '--passWithNoTests', ...reporters],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
