import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  executorManagerConformance,
  never,
  request,
  token,
  up,
  type ManagerUnderTest,
} from '../testing/conformance.ts';
import { membersOf, processFacts } from './proc.ts';
import { ProcessExecutorManager, type ProcessExecutorManagerOptions } from './process-executor-manager.ts';

const script = path.join(import.meta.dirname, '../testing/scripted-executor.mjs');

interface ProcessManagerUnderTest extends ManagerUnderTest {
  create(options?: Partial<ProcessExecutorManagerOptions>): ProcessExecutorManager;
  folder: string;
}

async function processManager(): Promise<ProcessManagerUnderTest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'process-manager-'));
  const create = (options: Partial<ProcessExecutorManagerOptions> = {}) =>
    new ProcessExecutorManager({
      executors: { 'always_on.test': 3 },
      command: [process.execPath, script],
      environment: { PATH: process.env['PATH'], HORDE_NOTES: folder },
      owner: folder,
      ...options,
    });
  const notes = async (of: string) => {
    const file = path.join(folder, of);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  return {
    folder,
    create,
    broken: () => create({ command: ['/nowhere/executor'] }),
    notes,
    running: async (of) => {
      const started = /^\{.*\}$/m.exec(await notes(of))?.[0];
      return started ? membersOf((JSON.parse(started) as { pid: number }).pid).length : 0;
    },
    kill: async (of) => void process.kill((await up({ notes }, of)).pid, 'SIGKILL'),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

executorManagerConformance('the process manager', processManager);

describe('an executor process', () => {
  it('gets the arguments and the environment that ComputeHorde gives it, and no more', async () => {
    const under = await processManager();
    const manager = under.create({ streamingPorts: [{ port: 6543, publicPort: 16543 }] });
    const of = token('polite');
    const handle = await manager.start({ ...request(of), startupTimeLimit: 7 }, never());
    const { argv, environment } = await up(under, of);
    expect(argv).toEqual(['run_executor', '--startup-time-limit', '7']);
    expect(environment).toEqual({
      PATH: process.env['PATH'],
      HORDE_NOTES: under.folder,
      MINER_ADDRESS: 'ws://127.0.0.1:9',
      EXECUTOR_TOKEN: of,
      EXECUTOR_ON_HOST: '1',
      NGINX_PORT: '6543',
      HORDE_MINER: under.folder,
      HORDE_PLACE: 'always_on.test',
    });
    expect(handle).toMatchObject({ port: 6543, publicPort: 16543 });
    await manager.stop(handle, 5_000);
    await under.close();
  });

  it('has a port for streaming of its own, which is free again when it ends', async () => {
    const under = await processManager();
    const streamingPorts = [6544, 6545].map((port) => ({ port, publicPort: port }));
    const manager = under.create({ streamingPorts });
    const start = () => manager.start(request(token('polite')), never());
    const handles = await Promise.all([start(), start()]);
    expect(handles.map((handle) => handle['port']).sort()).toEqual([6544, 6545]);
    await expect(start()).rejects.toThrow(
      'None of the 2 ports for streaming jobs is free: 2 are used by executors',
    );
    await manager.close();

    const next = under.create({ streamingPorts });
    for (const handle of handles) await next.recover(handle);
    await expect(start()).rejects.toThrow(/is closed/);
    await expect(next.start(request(token('polite')), never())).rejects.toThrow(/None of the 2 ports/);
    await next.stop(handles[0]!, 5_000);
    const again = await next.start(request(token('polite')), never());
    expect(again['port']).toBe(handles[0]!['port']);
    await Promise.all([handles[1]!, again].map((handle) => next.stop(handle, 5_000)));
    await under.close();
  });

  it('writes what it prints into the log folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'process-manager-'));
    const manager = new ProcessExecutorManager({
      executors: { 'always_on.test': 1 },
      command: [process.execPath, '-e', 'console.log("hello"); console.error("world")', '--'],
      environment: {},
      logFolder: folder,
    });
    const handle = await manager.start({ ...request('t'), jobUuid: 'u' }, never());
    expect(await manager.wait(handle, never())).toEqual({ code: 0 });
    expect(readFileSync(path.join(folder, 'u.log'), 'utf8')).toBe('hello\nworld\n');
    await rm(folder, { recursive: true });
  });
});

describe('a handle whose pid now belongs to another process', () => {
  it('is gone, and stopping it leaves that process alone', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
    });
    await once(other, 'spawn');
    const manager = new ProcessExecutorManager({ executors: {}, command: [], environment: {} });
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    for (const handle of [
      { pid: other.pid!, group: other.pid!, startTime: '1', boot },
      {
        pid: other.pid!,
        group: other.pid!,
        startTime: processFacts(other.pid!)!.startTime,
        boot: 'an earlier boot',
      },
    ]) {
      expect(await manager.recover(handle)).toBe('gone');
      await manager.stop(handle, 0);
      expect(processFacts(other.pid!)).not.toBeNull();
    }
    other.kill('SIGKILL');
    await once(other, 'exit');
  });
});
