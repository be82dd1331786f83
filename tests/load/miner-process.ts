import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ensureHotkey } from '@horde/identity';
import { metricsToken } from '@horde/testing/metrics';
import { ServiceBundle, type ServiceProcess } from '@horde/testing/service-bundle';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import pg from 'pg';
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
  private constructor(
    readonly hotkey: string,
    readonly url: string,
    private readonly bundle: ServiceBundle,
    private readonly executors: ChildProcess,
    readonly process: ServiceProcess,
    private readonly database: pg.Client,
  ) {}

  static async start(options: MinerProcessOptions): Promise<MinerProcess> {
    const { databaseUrl, executors, environment, hold, inspect } = options;
    const bundle = await ServiceBundle.build('miner');
    const { folder } = bundle;
    const { address } = await ensureHotkey(path.join(folder, 'wallets/miner/hotkeys/default'));
    const socket = path.join(folder, 'executors.sock');
    const played = fork(path.join(root, 'tests/load/executors.ts'), {
      env: { PATH: process.env['PATH'], HORDE_LOAD_SOCKET: socket },
      execArgv: [],
    });
    await once(played, 'message');
    if (hold) played.send('hold');
    const own = bundle.run(
      {
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
        METRICS_TOKEN: metricsToken,
        EXECUTOR_MANAGER_CLASS_PATH: `${path.join(root, 'tests/load/socket-executors.mjs')}:SocketExecutors`,
        HORDE_LOAD_SOCKET: socket,
        HORDE_LOAD_EXECUTORS: JSON.stringify(executors),
        ...environment,
      },
      [],
      { cwd: folder, nodeArgs: inspect ? ['--inspect=127.0.0.1:0'] : [] },
    );
    try {
      const url = `ws://127.0.0.1:${await own.listening()}`;
      const database = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=miner' });
      await database.connect();
      return new MinerProcess(address, url, bundle, played, own, database);
    } catch (error) {
      await own.kill('SIGTERM');
      played.disconnect();
      await bundle.remove();
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
    const inspector = new WebSocket(/Debugger listening on (ws:\S+)/.exec(this.process.output)![1]!);
    await once(inspector, 'open');
    inspector.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
    await once(inspector, 'message');
    inspector.close();
  }

  async stop(): Promise<void> {
    await this.process.kill('SIGTERM');
    this.executors.disconnect();
    await this.database.end();
    await this.bundle.remove();
  }
}
