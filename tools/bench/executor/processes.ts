import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentMemory } from '../network/process-use.ts';

/** One process that is measured. */
export interface Measured {
  /** Resident memory once it has settled. @unit MB */
  restingMemory(): Promise<number>;
  watchMemory(): { most: () => number };
  exited: Promise<unknown>;
  end(): Promise<void>;
}

/** The executor's bundle, as a miner starts it. */
export function runExecutor(minerAddress: string, token: string): Measured {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-bench-'));
  const measured = start(['apps/executor/dist/main.mjs', 'run_executor', '--startup-time-limit', '30'], {
    MINER_ADDRESS: minerAddress,
    EXECUTOR_TOKEN: token,
    DEBUG_NO_GPU_MODE: '1',
    VOLUME_ALLOW_PRIVATE_ADDRESSES: '1',
    JOB_FOLDER: folder,
    NODE_ENV: 'production',
  });
  void measured.exited.then(() => rmSync(folder, { recursive: true, force: true }));
  return measured;
}

/** A bare Node process that opens the same websocket, and nothing else. */
export function bareSocket(minerAddress: string, token: string): Measured {
  const script = `import WebSocket from 'ws'; new WebSocket(process.argv[1]);`;
  const url = `${minerAddress}/v0.1/executor_interface/${token}`;
  return start(['--input-type=module', '-e', script, url], {});
}

function start(args: string[], environment: Record<string, string>): Measured {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  return {
    exited,
    async restingMemory() {
      await sleep(1_000);
      return residentMemory(child.pid!);
    },
    watchMemory() {
      let most = 0;
      const look = () => (most = Math.max(most, residentMemory(child.pid!)));
      const timer = setInterval(look, 20);
      void exited.then(() => clearInterval(timer));
      look();
      return { most: () => most };
    },
    async end() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
