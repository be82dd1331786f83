import { execFile, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureHotkey } from '@horde/identity';
import pg from 'pg';
import { ScriptedValidator } from '../../apps/miner/src/testing/validator.ts';
import type { Counts } from './executors.ts';

/** Bundlers and the test runner move this file; where it is started from stays. */
const root = process.cwd();

export interface MinerProcessOptions {
  databaseUrl: string;
  /** How many executors it has, by class. */
  executors: Record<string, number>;
  environment?: Record<string, string>;
  /** Whether the executors wait before they connect, until `release`. @default false */
  hold?: boolean;
  /** Whether `collectGarbage` can be used. @default false */
  inspect?: boolean;
}

/** The miner's real bundle in a process of its own, and another process that plays its executors. */
export class MinerProcess {
  url = '';
  private output = '';
  private beginning = '';

  private constructor(
    readonly hotkey: string,
    private readonly folder: string,
    private readonly executors: ChildProcess,
    private readonly child: ChildProcess,
    private readonly database: pg.Client,
  ) {}

  static async start(options: MinerProcessOptions): Promise<MinerProcess> {
    const { databaseUrl, executors, environment, hold, inspect } = options;
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-load-'));
    const { address } = await ensureHotkey(path.join(folder, 'wallets/miner/hotkeys/default'));
    for (const name of ['src', 'package.json'])
      await symlink(path.join(root, 'apps/miner', name), path.join(folder, name));
    await promisify(execFile)(process.execPath, ['tools/bundle.ts', folder], { cwd: root });
    const socket = path.join(folder, 'executors.sock');
    const played = fork(path.join(root, 'tests/load/executors.ts'), {
      env: { PATH: process.env['PATH'], HORDE_LOAD_SOCKET: socket },
      execArgv: [],
    });
    await once(played, 'message');
    if (hold) played.send('hold');
    const child = spawn(
      process.execPath,
      [...(inspect ? ['--inspect=127.0.0.1:0'] : []), path.join(folder, 'dist/main.mjs')],
      {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          DATABASE_URL: databaseUrl,
          HOST: '127.0.0.1',
          BITTENSOR_MINER_PORT: '0',
          BITTENSOR_MINER_ADDRESS: '127.0.0.1',
          BITTENSOR_NETUID: '1',
          BITTENSOR_NETWORK: 'local',
          BITTENSOR_WALLET_DIRECTORY: path.join(folder, 'wallets'),
          BITTENSOR_WALLET_NAME: 'miner',
          BITTENSOR_WALLET_HOTKEY_NAME: 'default',
          PYLON_ADDRESS: 'http://127.0.0.1:1',
          SERVING: 'false',
          EXECUTOR_MANAGER_CLASS_PATH: `${path.join(root, 'tests/load/socket-executors.mjs')}:SocketExecutors`,
          HORDE_LOAD_SOCKET: socket,
          HORDE_LOAD_EXECUTORS: JSON.stringify(executors),
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const database = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=miner' });
    const miner = new MinerProcess(address, folder, played, child, database);
    try {
      await miner.listening();
      await database.connect();
      return miner;
    } catch (error) {
      await miner.stop();
      throw error;
    }
  }

  /** A validator that the miner knows. */
  async validator(): Promise<ScriptedValidator> {
    const validator = new ScriptedValidator(() => this.url, this.hotkey);
    await this.query(
      'insert into validator (hotkey, active, debug) values ($1, true, true)',
      validator.hotkey,
    );
    return validator;
  }

  async query<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.database.query(sql, values)).rows as T[];
  }

  /** The executors of a class that are connected, and the fewest that were since the last time. */
  async connected(executorClass: string): Promise<{ connected: number; fewest: number }> {
    this.executors.send('count');
    const [counts] = (await once(this.executors, 'message')) as [Counts];
    return counts[executorClass] ?? { connected: 0, fewest: 0 };
  }

  /** Lets the executors connect. */
  release(): void {
    this.executors.send('release');
  }

  /** Has the miner's process give back what it does not need, so that its memory can be compared. */
  async collectGarbage(): Promise<void> {
    const inspector = new WebSocket(/Debugger listening on (ws:\S+)/.exec(this.beginning)![1]!);
    await once(inspector, 'open');
    inspector.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
    await once(inspector, 'message');
    inspector.close();
  }

  /** What the miner's process has in memory. @unit bytes */
  async residentMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024;
  }

  /** How long the miner's process has used a processor. @unit ms */
  async processorTime(): Promise<number> {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  }

  /** The last of what it has logged. */
  get log(): string {
    return this.output;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = once(this.child, 'close');
      this.child.kill('SIGTERM');
      await ended;
    }
    this.executors.disconnect();
    await this.database.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const hear = (text: Buffer) => {
      if (this.beginning.length < 2_000) this.beginning += text.toString('utf8');
      this.output = (this.output + text.toString('utf8')).slice(-20_000);
      const port = this.url || /"address":\{[^}]*"port":(\d+)\}[^\n]*miner listens/.exec(this.output)?.[1];
      if (!port || this.url) return;
      this.url = `ws://127.0.0.1:${port}`;
      resolve();
    };
    this.child.stdout!.on('data', hear);
    this.child.stderr!.on('data', hear);
    this.child.once('close', (code) => reject(new Error(`The miner ended with ${code}:\n${this.output}`)));
    await promise;
  }
}
