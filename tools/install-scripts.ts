/**
 * Writes the install scripts at the top from envs/install, and for the miner what these run on a server. With --check it
 * writes nothing and fails when one is not up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import { installScript, installRoles, serverProgram } from './install/script.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
let stale = false;
for (const role of installRoles) put(`install_${role}.sh`, installScript(role), 0o755);
const forMiner = 'apps/miner/src/hosts/server-program.ts';
put(forMiner, await moduleOf(serverProgram()), 0o644);
process.exit(stale ? 1 : 0);

function put(name: string, text: string, mode: number): void {
  const file = path.join(import.meta.dirname, '..', name);
  if (!values.check) writeFileSync(file, text, { mode });
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${name} is not up to date: run ./horde docs`);
    stale = true;
  }
}

async function moduleOf(program: string): Promise<string> {
  const text = `// Written by ./horde docs from envs/install/server: change it there.

/** What the install scripts run on a server. It reads a step, and then names and values, each ended by a zero byte, up to an empty name. */
export const serverProgram = ${JSON.stringify(program.split('\n'))}.join('\\n');
`;
  return prettier.format(text, { ...(await prettier.resolveConfig(forMiner)), parser: 'typescript' });
}
