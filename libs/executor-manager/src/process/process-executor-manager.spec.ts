import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { executorManagerConformance, type Behaviour, type ManagerUnderTest } from '../testing/conformance.ts';
import { membersOf, processFacts } from './proc.ts';
import { ProcessExecutorManager } from './process-executor-manager.ts';

const script = path.join(import.meta.dirname, '../testing/scripted-executor.mjs');
const never = new AbortController().signal;

async function processManager(): Promise<
  ManagerUnderTest & { folder: string; notes(token: string): string }
> {
  const folder = await mkdtemp(path.join(tmpdir(), 'process-manager-'));
  const create = (command = [process.execPath, script]) =>
    new ProcessExecutorManager({
      executors: { 'always_on.test': 2 },
      command,
      environment: { PATH: process.env['PATH'] },
    });
  let count = 0;
  const notes = (token: string) => {
    const file = token.split('|')[1]!;
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const started = (token: string) => /^\{.*\}$/m.exec(notes(token))?.[0];
  const pid = (token: string) => (JSON.parse(started(token)!) as { pid: number }).pid;
  return {
    folder,
    notes,
    create: () => create(),
    broken: () => create(['/nowhere/executor']),
    token: (behaviour: Behaviour) => `${behaviour}|${path.join(folder, String(++count))}`,
    up: async (token) => expect.poll(() => started(token), { timeout: 10_000 }).toBeDefined(),
    running: async (token) => (started(token) ? membersOf(pid(token)).length : 0),
    cleanedUp: async (token) => notes(token).includes('cleaned up'),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

executorManagerConformance('the process manager', processManager);

describe('an executor process', () => {
  it('gets the arguments and the environment that ComputeHorde gives it, and no more', async () => {
    const under = await processManager();
    const manager = under.create();
    const token = under.token('polite');
    const handle = await manager.start(
      {
        token,
        jobUuid: 'u',
        executorClass: 'always_on.test',
        minerAddress: 'ws://127.0.0.1:8000',
        startupTimeLimit: 7,
      },
      never,
    );
    await under.up(token);
    const { argv, environment } = JSON.parse(/^\{.*\}$/m.exec(under.notes(token))![0]) as Record<
      string,
      unknown
    >;
    expect(argv).toEqual(['run_executor', '--startup-time-limit', '7']);
    expect(environment).toEqual({
      PATH: process.env['PATH'],
      MINER_ADDRESS: 'ws://127.0.0.1:8000',
      EXECUTOR_TOKEN: token,
      EXECUTOR_ON_HOST: '1',
    });
    await manager.stop(handle, 5_000);
    await under.close();
  });

  it('writes what it prints into the log folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'process-manager-'));
    const manager = new ProcessExecutorManager({
      executors: {},
      command: [process.execPath, '-e', 'console.log("hello"); console.error("world")', '--'],
      environment: {},
      logFolder: folder,
    });
    const handle = await manager.start(
      {
        token: 't',
        jobUuid: 'u',
        executorClass: 'always_on.test',
        minerAddress: 'ws://x',
        startupTimeLimit: 5,
      },
      never,
    );
    expect(await manager.wait(handle, never)).toEqual({ code: 0 });
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
