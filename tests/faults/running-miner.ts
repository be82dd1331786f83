import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { createTestDatabase } from '@horde/testing/database';
import { freePort } from '@horde/testing/free-port';
import { root } from '@horde/testing/horde';
import { ensureHotkey, Keypair, walletHotkeyPath } from '../../libs/identity/src/index.ts';

/** A process of a miner or an executor, as the kernel has it. */
interface Found {
  pid: number;
  token: string | null;
}

/** The miner as it is shipped, with executors as they are shipped, as processes of this machine. */
export class RunningMiner {
  /** Every process of it carries this in its environment. */
  private readonly network = `faults-${randomBytes(6).toString('hex')}`;
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'horde-faults-'));
  private child: ChildProcess | null = null;
  private port = 0;
  private databaseUrl = '';
  private sql!: pg.Pool;
  hotkey = '';
  /** What the processes of it have logged: warnings and worse. */
  log = '';

  private constructor(private readonly environment: Record<string, string>) {}

  static async start(environment: Record<string, string> = {}): Promise<RunningMiner> {
    const miner = new RunningMiner(environment);
    const names = { directory: path.join(miner.folder, 'wallets'), wallet: 'miner', hotkey: 'default' };
    miner.hotkey = (await ensureHotkey(walletHotkeyPath(names))).address;
    miner.databaseUrl = await createTestDatabase();
    miner.port = await freePort();
    miner.sql = new pg.Pool({ connectionString: miner.databaseUrl, options: '-c search_path=miner', max: 4 });
    try {
      await miner.boot();
      return miner;
    } catch (error) {
      await miner.close();
      throw error;
    }
  }

  /** The next process of the miner, on the same database. */
  async boot(): Promise<void> {
    await this.use(this.spawn());
  }

  /** Another process of the miner, beside the one that runs. @returns makes it the miner, when that has ended */
  async standBy(): Promise<() => Promise<void>> {
    const child = this.spawn();
    for await (const line of createInterface({ input: child.stdout! }))
      if (line.includes('another miner process uses this database')) break;
    return () => this.use(child);
  }

  /** Ends the miner's process without a chance to do anything; its executors are not touched. */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** A validator that the miner knows. */
  async validator(): Promise<ScriptedValidator> {
    const url = `ws://127.0.0.1:${this.port}`;
    const validator = new ScriptedValidator(() => url, this.hotkey, Keypair.generate());
    await this.query(
      'insert into validator (hotkey, active, debug) values ($1, true, true)',
      validator.hotkey,
    );
    return validator;
  }

  async query<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.sql.query(sql, values)).rows as T[];
  }

  /** The executors that run. */
  executors(): Found[] {
    return this.processes().filter(({ token }) => token !== null);
  }

  async close(): Promise<void> {
    await this.kill();
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    await this.sql.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private spawn(): ChildProcess {
    return spawn(process.execPath, [path.join(root, 'apps/miner/dist/main.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        LOG_LEVEL: 'warn',
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        HORDE_NETWORK: this.network,
        DATABASE_URL: this.databaseUrl,
        HOST: '127.0.0.1',
        BITTENSOR_MINER_PORT: String(this.port),
        BITTENSOR_MINER_ADDRESS: '127.0.0.1',
        BITTENSOR_NETUID: '1',
        BITTENSOR_NETWORK: 'local',
        BITTENSOR_WALLET_DIRECTORY: path.join(this.folder, 'wallets'),
        BITTENSOR_WALLET_NAME: 'miner',
        BITTENSOR_WALLET_HOTKEY_NAME: 'default',
        PYLON_ADDRESS: 'http://127.0.0.1:9',
        SERVING: 'false',
        LOCAL_RECEIPTS_ROOT: path.join(this.folder, 'receipts'),
        EXECUTOR_MANAGER_CLASS_PATH: 'process',
        DEFAULT_EXECUTOR_CLASS: 'always_on.test',
        PROCESS_EXECUTORS: '8',
        DEBUG_NO_GPU_MODE: 'true',
        JOB_RUNNER: 'process',
        JOB_FOLDER: path.join(this.folder, 'jobs'),
        // Several start at once beside the specs of others.
        DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '60',
        ...this.environment,
      },
    });
  }

  private async use(child: ChildProcess): Promise<void> {
    child.stdout!.resume();
    this.child = child;
    child.stdout!.on('data', (text: Buffer) => (this.log += text.toString('utf8')));
    const ended = once(child, 'close').then(([code]) => {
      throw new Error(`The miner ended with ${code} before it listened:\n${this.log}`);
    });
    ended.catch(() => undefined);
    await Promise.race([this.answers(), ended]);
  }

  private processes(): Found[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const entries = environmentOf(name);
        if (!entries.includes(`HORDE_NETWORK=${this.network}`)) return [];
        const token = entries
          .find((entry) => entry.startsWith('EXECUTOR_TOKEN='))
          ?.slice('EXECUTOR_TOKEN='.length);
        return [{ pid: Number(name), token: token ?? null }];
      });
  }

  private async answers(): Promise<void> {
    for (;;) {
      try {
        if ((await fetch(`http://127.0.0.1:${this.port}/version`)).ok) return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // gone meanwhile
  }
}
