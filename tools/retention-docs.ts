/**
 * Writes docs/retention.md from what the services declare of their tables. With --check it writes nothing and fails when the
 * page is not up to date.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Kept } from '../libs/database/src/index.ts';
import { bundleScript } from './bundle-script.ts';
import type * as Retention from './retention/services.ts';

const script = await bundleScript('tools/retention/services.ts');
const { commonFolders, commonTables, load, queueTables, services } = (await import(
  script
)) as typeof Retention;
rmSync(script, { force: true });

const units = ['B', 'kB', 'MB', 'GB'] as const;
function sizeOf(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1_000 ** power).toPrecision(2))} ${units[power]}`;
}
const total = (all: Kept[]): string => sizeOf(all.reduce((sum, { rows, bytes }) => sum + rows * bytes, 0));
const thousands = (count: number): string => count.toLocaleString('en-US');

const table = (first: string, all: Record<string, Kept>): string =>
  [
    [first, 'what one is', 'it stays', 'setting', 'removed by', 'bytes', 'how many', 'size'],
    Array.from({ length: 8 }, () => '---'),
    ...Object.entries(all).map(([name, { holds, kept, setting, removedBy, rows, bytes, isMeasured }]) => [
      `\`${name}\``,
      holds,
      kept,
      setting === null ? '' : `\`${setting}\``,
      removedBy,
      bytes === 0 ? '' : `${isMeasured ? '' : 'about '}${thousands(bytes)}`,
      rows === 0 ? '' : thousands(rows),
      rows * bytes === 0 ? '' : sizeOf(rows * bytes),
    ]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const shared = Object.fromEntries(
  Object.entries(commonTables).filter(([name]) => !services.some(({ tables }) => name in tables)),
);

const page = `# What is kept, and for how long

Everything that grows in a service's database or on its disk: how long it stays, which setting says so, what removes it, and
the size that it comes to. This page is written by \`./horde docs\` from \`apps/*/src/retention/kept-tables.ts\` and
\`tools/retention/common-tables.ts\`; a spec fails when a table is in none of them.

The sizes are those of ${thousands(load.jobsPerDay)} jobs a day at each service, each of which prints ${thousands(load.printed)} bytes and leaves no
artifacts, with the defaults of all settings, in a subnet of ${load.neurons} hotkeys of which ${load.validators} validate and ${load.miners} offer executors. At
another load they are in proportion; results come on top, as large as they are. The bytes are those of a row and its part of
the indexes, measured in a network of \`./horde up\` after 60 jobs (the mean of \`pg_column_size\`, and 40 bytes an index);
"about" stands before those of rows that such a network does not have. Removed rows leave room that Postgres uses again:
between two cleanings by autovacuum a table is up to a fifth larger.

Alerts tell when [nothing was removed](alerts.md) for too long: \`RetentionStands\` of each service.

| service | its own tables | with those of all services |
| --- | --- | --- |
${services
  .map(({ service, tables }) => {
    const own = Object.values(tables);
    return `| ${service} | ${total(own)} | ${total([...own, ...Object.values(shared), queueTables])} |`;
  })
  .join('\n')}

${services
  .map(({ service, tables, folders }) => {
    const disk = Object.keys(folders).length === 0 ? '' : `\n\n${table('folder', folders)}`;
    return `## ${service}\n\n${table('table', tables)}${disk}\n`;
  })
  .join('\n')}
## All services

${table('table', { ...shared, SERVICE_queue: queueTables })}

${table('folder, or place', commonFolders)}

## What nobody removes

- **Images that executors have not fetched** stay with the Docker engine of an executor's machine, and so do those of executors
  that are processes, and of executors that are not ours; [the others are removed](executor-managers.md#images-of-jobs) when they
  take too much. \`miner doctor\` warns when less than 20 GB are free;
  \`docker image prune --all --filter until=168h\` removes those that no container uses and that were made more than a week ago. The
  executor's own image and \`DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES\` are fetched again.
- **Logs** of services go to standard output: whatever runs the services keeps them, and has to bound them
  (\`journald\`, \`log-opts\` of Docker's \`daemon.json\`). Of \`./horde up\` a log of more than 64 MiB is put
  aside when its service starts the next time, in place of the one that was put aside before.
- **The devnet**'s chain grows by a row a block until it is started again, and then begins with one.
`;

const file = 'docs/retention.md';
if (!existsSync(file) || readFileSync(file, 'utf8') !== page) {
  if (process.argv.includes('--check')) {
    console.error(`${file} is not up to date: run ./horde docs.`);
    process.exit(1);
  }
  writeFileSync(file, page);
  console.log(`wrote ${file}`);
}
process.exit(0);
