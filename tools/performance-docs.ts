/**
 * Writes docs/performance.md and its plots from what benches have measured of each release, in bench/results. With --check it
 * writes nothing and fails when a file is not up to date.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Results } from './bench/results.ts';

type Bench = Results['benches'][string];
type Measured = Bench['figures'][number];

const releases = readdirSync('bench/results')
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(path.join('bench/results', file), 'utf8')) as Results)
  .toSorted((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));
const [newest] = releases;
if (!newest) throw new Error('There are no results in bench/results.');

const rounded = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
const withUnit = (value: number, unit: string) => `${rounded(value)} ${unit}`.trim();

function row({ name, value, unit, bar, atLeast, note, verdict }: Measured, bench: string): string {
  const before = releases.slice(1).map((release) => {
    const old = release.benches[bench]?.figures.find((figure) => figure.name === name);
    return old ? withUnit(old.value, old.unit) : '';
  });
  const wanted = bar === null ? '' : `${atLeast ? 'at least' : 'at most'} ${withUnit(bar, unit)}`;
  const cells = [name, withUnit(value, unit), wanted, verdict ?? '', note ?? '', ...before];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function section([name, { measured, machine, figures }]: [string, Bench]): string {
  const head = [
    'figure',
    newest!.version,
    'bar',
    '',
    'note',
    ...releases.slice(1).map(({ version }) => version),
  ];
  const plot = figures.some(({ bar }) => bar !== null)
    ? `\n![How far each figure is from its bar](performance/${name}.svg)\n`
    : '';
  return `## ${name}

\`./horde bench ${name}\`, ${measured}, on ${machine.cores} cores of ${machine.processor}, ${machine.memory}, ${machine.system}, Node
${machine.node}; load ${machine.load} at its begin.
${plot}
| ${head.join(' | ')} |
| ${head.map(() => '---').join(' | ')} |
${figures.map((figure) => row(figure, name)).join('\n')}
`;
}

/** Bars of how much of what is allowed is used, or of what is wanted is reached; the line is the bar itself. */
function plot({ figures }: Bench): string {
  const shown = figures.filter(({ bar }) => bar !== null);
  const [line, top, left, full, most] = [24, 8, 470, 240, 2];
  const height = shown.length * line + 2 * top;
  const drawn = shown.map(({ name, value, unit, bar, verdict }, at) => {
    const y = top + at * line;
    const width = Math.max(2, Math.min(value / bar!, most) * full);
    const color = verdict === 'holds' ? '#2e7d32' : '#c62828';
    return `<text x="${left - 8}" y="${y + 16}" text-anchor="end">${escaped(name)}</text>
<rect x="${left}" y="${y + 4}" width="${width.toFixed(0)}" height="16" fill="${color}"/>
<text x="${left + 2 * full + 8}" y="${y + 16}">${escaped(withUnit(value, unit))}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + 2 * full + 160} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
<line x1="${left + full}" y1="0" x2="${left + full}" y2="${height}" stroke="#000" stroke-dasharray="4"/>
</svg>
`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const benches = Object.entries(newest.benches);
const page = `# Performance

What \`./horde bench\` has measured of ${newest.version}: each figure beside its bar, and beside the floor of the same run where it has
one. \`./horde bench all --json FILE\` measures a release, on a machine that does nothing else; the file is one in
\`bench/results\`, named after the version, and \`./horde docs\` writes this page from it. In the plots the dashed line is the bar:
green holds, red falls short.

${benches.map(section).join('\n')}`;

const files = new Map([['docs/performance.md', page]]);
for (const [name, bench] of benches)
  if (bench.figures.some(({ bar }) => bar !== null)) files.set(`docs/performance/${name}.svg`, plot(bench));
for (const [file, text] of files) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${file} is not up to date: run ./horde docs.`);
    process.exit(1);
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`wrote ${file}`);
}
