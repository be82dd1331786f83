/**
 * Writes docs/reference-faults.md from what is known to go wrong in ComputeHorde's services. With --check it writes nothing
 * and fails when the page is not up to date; with and without it fails when a test is gone that keeps a fault away.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { facilitatorFaults } from './reference-faults/facilitator.ts';
import type { Fault, Way } from './reference-faults/fault.ts';
import { minerFaults } from './reference-faults/miner.ts';
import { problemOf } from './reference-faults/problem-of.ts';
import { validatorFaults } from './reference-faults/validator.ts';

const file = 'docs/reference-faults.md';
const sections: { title: string; letter: string; faults: Fault[] }[] = [
  { title: 'Facilitator and SDK', letter: 'F', faults: facilitatorFaults },
  { title: 'Validator', letter: 'V', faults: validatorFaults },
  { title: 'Miner and executor', letter: 'M', faults: minerFaults },
];
const faults = sections.flatMap((section) => section.faults);
const ways = faults.flatMap((fault) => fault.ways);

const problems = ways.flatMap((way) => problemOf(way) ?? []);
if (problems.length > 0) {
  for (const problem of new Set(problems)) console.error(`${problem} It keeps a fault of ${file} away.`);
  process.exit(1);
}

const count = (kind: 'spec' | 'cannot' | 'open') => ways.filter((way) => kind in way).length;
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function answer(way: Way): string {
  if ('cannot' in way) return `cannot be: ${cell(way.cannot)}`;
  if ('open' in way) return `**open**: ${cell(way.open)}`;
  return `[${path.basename(way.spec)}](../${way.spec}): ${cell(way.test)}`;
}

const rows = ({ letter, faults: all }: (typeof sections)[number]): string =>
  all
    .flatMap((fault, at) =>
      fault.ways.map(
        (way) => `| ${letter}${at + 1} | ${cell(way.fault)} | ${fault.where} | ${answer(way)} |`,
      ),
    )
    .join('\n');

const page = `# Faults of ComputeHorde that are not here

What is known to go wrong in ComputeHorde's services (repository commit 32fa9d14), and what keeps it away here: a test that
fails where the fault is, or why the fault cannot be. What is open is here, too. Of ${faults.length} faults, which show in ${ways.length} ways,
tests keep ${count('spec')} away, ${count('cannot')} cannot be, ${count('open')} are open. [What is different on purpose](compatibility.md) is another list.

This page is written by \`./horde docs\` from \`tools/reference-faults\`, and not before each test that it names is there and is
run.
${sections
  .map(
    (section) => `
## ${section.title}

| No. | what goes wrong there | where | here |
| --- | --- | --- | --- |
${rows(section)}
`,
  )
  .join('')}`;

const isCurrent = existsSync(file) && readFileSync(file, 'utf8') === page;
if (process.argv.includes('--check')) {
  if (!isCurrent) console.error(`${file} is not up to date: run ./horde docs.`);
  process.exit(isCurrent ? 0 : 1);
}
if (!isCurrent) {
  writeFileSync(file, page);
  console.log(`wrote ${file}`);
}
