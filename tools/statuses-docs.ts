/**
 * Writes the table of statuses in docs/job.md from libs/protocol, which is its only source. With --check it writes
 * nothing and fails when the page is not up to date.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type * as JobStatuses from '../libs/protocol/src/job-status.ts';
import { bundleScript } from './bundle-script.ts';
import prettier from 'prettier';

const file = 'docs/job.md';
const script = await bundleScript('libs/protocol/src/job-status.ts');
const { jobStatuses } = (await import(script)) as typeof JobStatuses;
rmSync(script, { force: true });

const rows = Object.entries(jobStatuses)
  .filter(([status, { wait }]) => wait !== null || status === 'completed')
  .map(([status, { happened, wait }]) => `| \`${status}\` | ${happened} | ${wait?.next ?? ''} |`);
const table = `| status | what has happened | what it waits for |\n| --- | --- | --- |\n${rows.join('\n')}\n`;

const [begin, end] = ['<!-- statuses: written by ./horde docs -->', '<!-- end of statuses -->'];
const page = readFileSync(file, 'utf8');
const head = page.slice(0, page.indexOf(begin) + begin.length);
const tail = page.slice(page.indexOf(end));
const options = { ...(await prettier.resolveConfig(file)), parser: 'markdown' };
const text = await prettier.format(`${head}\n\n${table}\n${tail}`, options);

if (process.argv.includes('--check')) {
  if (text !== page) console.error(`${file} is not up to date: run ./horde docs.`);
  process.exit(text === page ? 0 : 1);
}
if (text !== page) {
  writeFileSync(file, text);
  console.log(`wrote ${file}`);
}
