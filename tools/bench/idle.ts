/**
 * What a network costs that has nothing to do: for each service its resident memory above that of a Node process that
 * does nothing, and its database connections; and the commits of all of them together. The network is one of `up`, in
 * a folder of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDataFolder, removeDataFolder, startHorde } from '@horde/testing/horde';
import pg from 'pg';
import type { Figure } from './figure.ts';
import { residentMemory } from './network/process-use.ts';

const services = ['facilitator', 'validator', 'miner'];
/** What starting leaves behind is gone by then. @unit ms */
const settling = 30_000;
/** How long commits are counted. @unit ms */
const watched = 60_000;
const bars = { memory: 90, connections: 15, commits: 5 };

export async function figures(): Promise<Figure[]> {
  const folder = await newDataFolder();
  try {
    await horde(folder, 'up', '--runner', 'process');
    try {
      return await measure(path.join(folder, 'networks/up'));
    } finally {
      await horde(folder, 'down');
    }
  } finally {
    await removeDataFolder(folder);
  }
}

async function measure(network: string): Promise<Figure[]> {
  const database = new pg.Client({ connectionString: await databaseUrl(network) });
  await database.connect();
  await sleep(settling);
  const before = await commits(database);
  const [started] = [performance.now()];
  await sleep(watched);
  const rate = ((await commits(database)) - before) / ((performance.now() - started) / 1_000);
  const bare = await bareNode();
  const { services: running } = JSON.parse(await readFile(path.join(network, 'network.json'), 'utf8')) as {
    services: { name: string; process: { pid: number } }[];
  };
  const found: Figure[] = [];
  for (const name of services) {
    const { pid } = running.find((service) => service.name === name)!.process;
    const resident = residentMemory(pid);
    found.push({
      name: `memory of an idle ${name} above bare Node`,
      value: resident - bare,
      unit: 'MB',
      bar: bars.memory,
      atLeast: false,
      note: `resident ${resident.toFixed(0)} MB, bare Node ${bare.toFixed(0)} MB`,
    });
  }
  for (const name of services)
    found.push({
      name: `database connections of an idle ${name}`,
      value: await connections(database, name),
      unit: 'connections',
      bar: bars.connections,
      atLeast: false,
    });
  found.push({
    name: 'commits of an idle network',
    value: rate,
    unit: '1/s',
    bar: bars.commits,
    atLeast: false,
    note: `over ${watched / 1_000} s`,
  });
  await database.end();
  return found;
}

async function horde(folder: string, ...words: string[]): Promise<void> {
  const { code, stdout, stderr } = await startHorde(words, folder).finished;
  if (code !== 0) throw new Error(`horde ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
}

async function databaseUrl(network: string): Promise<string> {
  const exports = await readFile(path.join(network, 'env/facilitator'), 'utf8');
  return /^export DATABASE_URL='(.*)'$/m.exec(exports)![1]!;
}

async function commits(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    'select xact_commit::int as count from pg_stat_database where datname = current_database()',
  );
  return rows[0]!.count;
}

async function connections(database: pg.Client, service: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where application_name like $1 || '%'`,
    [service],
  );
  return rows[0]!.count;
}

/** @unit MB */
async function bareNode(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => undefined, 1e9)'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await sleep(1_000);
  const resident = residentMemory(child.pid!);
  child.kill('SIGKILL');
  return resident;
}
