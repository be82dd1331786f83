/**
 * Writes the install scripts at the top from envs/install. With --check it writes nothing and fails when one is not up to
 * date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installScript, installRoles } from './install/script.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
let stale = false;
for (const role of installRoles) {
  const file = path.join(import.meta.dirname, '..', `install_${role}.sh`);
  const text = installScript(role);
  if (!values.check) writeFileSync(file, text, { mode: 0o755 });
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`install_${role}.sh is not up to date: run ./horde docs`);
    stale = true;
  }
}
process.exit(stale ? 1 : 0);
