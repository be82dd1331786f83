import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { ensureHotkey, walletHotkeyPath } from '@horde/identity';
import pg from 'pg';
import { startDevnet, type TestDevnet } from '../../apps/devnet/src/testing/start-devnet.ts';
import { createTestDatabase } from '@horde/testing/database';
import { freePort } from '@horde/testing/free-port';
import { root } from '@horde/testing/horde';

const program = path.join(root, 'apps/miner/dist/main.mjs');
const token = 'a-token';

/** A command of the miner as a process. */
export interface CommandProcess {
  child: ChildProcess;
  ended: Promise<{ exitCode: number | null; said: string; complained: string }>;
}

/** A chain, a database and a wallet: all that a miner needs, and the miner as it is shipped. */
export class MinerNetwork {
  private miner: ChildProcess | null = null;
  private sql!: pg.Pool;
  environment: Record<string, string> = {};
  hotkey = '';
  wallet = '';

  private constructor(
    readonly folder: string,
    readonly devnet: TestDevnet,
  ) {}

  /** @param environment of the miner and its commands, beside what they need */
  static async start(environment: Record<string, string> = {}): Promise<MinerNetwork> {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-miner-commands-'));
    await chmod(folder, 0o755);
    const network = new MinerNetwork(folder, await startDevnet({ netuid: 12, blockTime: 0.2 }));
    const names = { directory: path.join(folder, 'wallets'), wallet: 'miner', hotkey: 'default' };
    network.wallet = walletHotkeyPath(names);
    network.hotkey = (await ensureHotkey(network.wallet)).address;
    const databaseUrl = await createTestDatabase();
    network.sql = new pg.Pool({ connectionString: databaseUrl, options: '-c search_path=miner', max: 2 });
    network.environment = {
      PATH: process.env['PATH']!,
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
      HOME: folder,
      LOG_LEVEL: 'warn',
      DATABASE_URL: databaseUrl,
      HOST: '127.0.0.1',
      BITTENSOR_MINER_PORT: String(await freePort()),
      BITTENSOR_MINER_ADDRESS: '127.0.0.1',
      BITTENSOR_NETUID: '12',
      BITTENSOR_NETWORK: 'devnet',
      BITTENSOR_WALLET_DIRECTORY: names.directory,
      BITTENSOR_WALLET_NAME: names.wallet,
      BITTENSOR_WALLET_HOTKEY_NAME: names.hotkey,
      PYLON_ADDRESS: network.devnet.address,
      PYLON_IDENTITY_TOKEN: token,
      PUBLIC_ADDRESS_SERVICES: network.devnet.address,
      LOCAL_RECEIPTS_ROOT: path.join(folder, 'receipts'),
      DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true',
      EXECUTOR_MANAGER_CLASS_PATH: 'process',
      EXECUTOR_LOG_FOLDER: path.join(folder, 'executors'),
      DEFAULT_EXECUTOR_CLASS: 'always_on.test',
      DEBUG_NO_GPU_MODE: 'true',
      // Others use this machine, too.
      DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '60',
      ...environment,
    };
    await network.devnet.call('PUT', '/devnet/identities/miner', { hotkey: network.hotkey, token });
    await network.register(null);
    return network;
  }

  get port(): number {
    return Number(this.environment['BITTENSOR_MINER_PORT']);
  }

  /** Puts the miner on the chain, at this address. */
  async register(axon: { ip: string; port: number } | null): Promise<void> {
    await this.devnet.call('PUT', `/devnet/neurons/${this.hotkey}`, {
      stake: 0,
      validator_permit: false,
      axon,
    });
  }

  /** Starts the miner. Resolves when it answers, and the chain has its address. */
  async startMiner(): Promise<void> {
    const miner = spawn(process.execPath, [program], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: this.environment,
    });
    this.miner = miner;
    const ended = once(miner, 'exit').then(() => {
      throw new Error('The miner ended before it was ready.');
    });
    ended.catch(() => undefined);
    await Promise.race([this.isReady(), ended]);
  }

  /** Runs a command of the miner, from its bundle, in a process of its own. */
  command(words: string[], environment: Record<string, string> = {}): CommandProcess {
    const child = spawn(process.execPath, [program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.environment, ...environment },
    });
    const [said, complained] = [text(child.stdout), text(child.stderr)];
    const ended = once(child, 'close').then(async ([exitCode]) => ({
      exitCode: exitCode as number | null,
      said: await said,
      complained: await complained,
    }));
    return { child, ended };
  }

  async query<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.sql.query(sql, values)).rows as T[];
  }

  async close(): Promise<void> {
    if (this.miner?.exitCode === null && this.miner.signalCode === null) {
      this.miner.kill('SIGTERM');
      await once(this.miner, 'exit');
    }
    await this.sql.end();
    await this.devnet.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async isReady(): Promise<void> {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/health/ready`).catch(() => null);
      if (answer?.status === 200) return;
      await sleep(50);
    }
  }
}
