/**
 * Writes docs/errors.md from the error catalogue, which is its only source. With --check it writes nothing and fails
 * when the page is not up to date.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type * as Protocol from '../libs/protocol/src/index.ts';
import { bundleScript } from './bundle-script.ts';

const file = 'docs/errors.md';
const script = await bundleScript('libs/protocol/src/index.ts');
const { clientErrors, errorRows } = (await import(script)) as typeof Protocol;
rmSync(script, { force: true });

interface Row {
  says: string;
  hint?: string;
  retryable: boolean;
  status?: number;
  wire?: { reason: string; stage?: string };
}

/** The sentence, with the names of its facts in their places. */
const sentence = ({ says }: Row): string => says.replaceAll(/\{(\w+)(:\w+)?\}/g, '‹$1›');

function describe(code: string, row: Row): string {
  const { hint, retryable, status, wire } = row;
  const travels = [
    status && `HTTP ${status}`,
    wire && `reason \`${wire.reason}\``,
    wire?.stage && `stage \`${wire.stage}\``,
    code in clientErrors && 'thrown by the SDK',
  ].filter(Boolean);
  const cells = [`\`${code}\``, sentence(row), hint ?? '', travels.join(', '), retryable ? 'yes' : 'no'];
  return `| ${cells.join(' | ').replaceAll('\n', ' ')} |`;
}

const rows = Object.entries(errorRows as Record<string, Row>).sort(([a], [b]) => (a < b ? -1 : 1));
const text = `# Errors

Every error that a person can act on, by its code. ‹words› stand for the facts of the case. "Again" says whether the
same request may succeed later. This page is written by \`./horde docs\` from the error catalogue in libs/protocol.

| code | what it says | what to do | how it travels | again |
| --- | --- | --- | --- | --- |
${rows.map(([code, row]) => describe(code, row)).join('\n')}
`;

const isCurrent = existsSync(file) && readFileSync(file, 'utf8') === text;
if (process.argv.includes('--check')) {
  if (!isCurrent) console.error(`${file} is not up to date: run ./horde docs.`);
  process.exit(isCurrent ? 0 : 1);
}
if (!isCurrent) {
  writeFileSync(file, text);
  console.log(`wrote ${file}`);
}
