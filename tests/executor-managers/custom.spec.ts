import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  bridgeGateway,
  DockerExecutorManager,
  ProcessExecutorManager,
  type ExecutorManager,
} from '@horde/executor-manager';
import { SettingsError } from '@horde/settings';
import Docker from 'dockerode';
import { pino } from 'pino';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { addressForExecutors } from '../../apps/miner/src/executors/address-for-executors.ts';
import { makeExecutorManager } from '../../apps/miner/src/executors/make-executor-manager.ts';
import { MinerSettings } from '../../apps/miner/src/settings.ts';
import { membersOf } from '../../libs/executor-manager/src/process/proc.ts';
import {
  executorManagerConformance,
  never,
  request,
  token,
  up,
  type Started,
} from '../../libs/executor-manager/src/testing/conformance.ts';
import { root } from '@horde/testing/horde';

const example = path.join(root, 'examples/custom-executor-manager');
const script = path.join(root, 'libs/executor-manager/src/testing/scripted-executor.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'horde-custom-manager-'));
process.env['SHIFT_RECORD'] = path.join(folder, 'record.jsonl');
afterAll(() => rmSync(folder, { recursive: true }));

/** What a miner with these settings makes; what it logs is added to `said`. */
async function made(settings: Partial<MinerSettings> = {}, said: string[] = []): Promise<ExecutorManager> {
  const all = Object.assign(new MinerSettings(), {
    databaseUrl: `postgres://${folder}`,
    walletName: 'w',
    walletHotkeyName: 'h',
    executorManager: 'manager:NightShiftExecutorManager',
    vendorDirectory: example,
    executorClass: 'always_on.test',
    processExecutors: 3,
    executorCommand: `${process.execPath} ${script}`,
    streamingPorts: '16400-16409',
    ...settings,
  });
  const stream = { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) };
  return makeExecutorManager(all, { PATH: process.env['PATH'], HORDE_NOTES: folder }, pino({}, stream));
}

const notes = async (of: string) => {
  const file = path.join(folder, of);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

executorManagerConformance('the example of a custom executor manager', async () => ({
  create: () => made(),
  broken: () => made({ executorCommand: '/nowhere/executor' }),
  notes,
  running: async (of) => {
    const started = /^\{.*\}$/m.exec(await notes(of))?.[0];
    return started ? membersOf((JSON.parse(started) as Started).pid).length : 0;
  },
  kill: async (of) => void process.kill((await up({ notes }, of)).pid, 'SIGKILL'),
  close: async () => {},
}));

describe('the example of a custom executor manager', () => {
  it('is a manager of the miner’s own library, and keeps a record of every executor', async () => {
    const said: string[] = [];
    const manager = await made({}, said);
    expect(manager).toBeInstanceOf(ProcessExecutorManager);
    expect(said).toEqual(['There are executors from 0 to 24 h, UTC.']);
    const handle = await manager.start(request(token('polite')), never());
    await manager.stop(handle, 5_000);
    const last = readFileSync(process.env['SHIFT_RECORD']!, 'utf8').trim().split('\n').at(-1)!;
    expect(JSON.parse(last)).toMatchObject({ class: 'always_on.test', pid: handle['pid'] });
  });

  it('has no executors outside of its hours', async () => {
    const hour = new Date().getUTCHours();
    vi.stubEnv('SHIFT_FROM', String((hour + 2) % 24));
    vi.stubEnv('SHIFT_UNTIL', String((hour + 23) % 24));
    onTestFinished(() => void vi.unstubAllEnvs());
    const manager = await made();
    expect(await manager.manifest()).toEqual({});
    await expect(manager.start(request(token('polite')), never())).rejects.toThrow('No executor of class');
  });
});

describe('a vendor folder', () => {
  const vendor = (files: Record<string, string>) => {
    const made = mkdtempSync(path.join(folder, 'vendor-'));
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
      writeFileSync(path.join(made, name), contents);
    }
    return made;
  };
  const base = "import { ProcessExecutorManager } from '@horde/executor-manager';\n";
  const mine = `${base}export class Mine extends ProcessExecutorManager { constructor(c) { super(c.process); } }\n`;

  it('is where a module is looked for, under its Python name too, after its setup.sh has been run', async () => {
    const said: string[] = [];
    const vendorDirectory = vendor({
      'setup.sh':
        'echo hello from $PWD; mkdir -p node_modules/sound; echo "exports.wuff = 1" > node_modules/sound/index.js',
      'managers/my_executor.js': `import { wuff } from 'sound';\n${mine}`,
    });
    const manager = await made({ vendorDirectory, executorManager: 'managers.my_executor:Mine' }, said);
    expect(manager).toBeInstanceOf(ProcessExecutorManager);
    expect(said).toEqual([`${vendorDirectory}/setup.sh is run`, `setup.sh: hello from ${vendorDirectory}`]);
    const byPath = `${vendorDirectory}/managers/my_executor.js:Mine`;
    expect(await made({ executorManager: byPath })).toBeInstanceOf(ProcessExecutorManager);
  });

  it.each([
    ['gone:Mine', {}, /There is no module gone in \S+: neither \S+\/gone\.ts nor \.mts, \.js or \.mjs\./],
    [
      'mine:Mine',
      { 'mine.py': 'class Mine: pass' },
      /mine\.py is Python\. This miner runs managers in TypeScript/,
    ],
    ['mine:Other', { 'mine.mjs': mine }, /mine\.mjs exports no Other; it exports Mine\./],
    [
      'mine:Mine',
      { 'mine.mjs': 'export class Mine { wait() {} }' },
      /Mine of mine is no executor manager: it has no manifest, no start/,
    ],
    [
      'mine:Mine',
      { 'mine.mjs': 'export class Mine { constructor() { throw new Error("no disk"); } }' },
      /Mine could not be made: no disk \(\S+\/mine\.mjs:1:\d+\)\.$/,
    ],
  ])('%s with %j is refused with a sentence', async (executorManager, files, sentence) => {
    const refusal = await made({ vendorDirectory: vendor(files), executorManager }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(SettingsError);
    expect((refusal as Error).message).toMatch(sentence);
  });

  it('with a setup.sh that fails keeps the miner from starting', async () => {
    const vendorDirectory = vendor({ 'setup.sh': 'exit 4', 'mine.mjs': mine });
    await expect(made({ vendorDirectory, executorManager: 'mine:Mine' })).rejects.toThrow(
      new SettingsError([
        `VENDOR_DIRECTORY is "${vendorDirectory}": its setup.sh failed with exit code 4; the log has what it printed.`,
      ]),
    );
  });
});

describe('ComputeHorde’s names of its own managers', () => {
  const named = (name: string) => made({ executorManager: name });

  it.each([
    ['compute_horde_miner.miner.executor_manager.v1:DockerExecutorManager', DockerExecutorManager],
    ['compute_horde_miner.miner.executor_manager.v1.docker:DockerExecutorManager', DockerExecutorManager],
    ['compute_horde_miner.miner.executor_manager.v1:DevExecutorManager', ProcessExecutorManager],
  ])('%s mean ours', async (name, Manager) => {
    const manager = await named(name);
    expect(manager).toBeInstanceOf(Manager);
    await manager.close?.();
  });

  it('of others are refused', async () => {
    await expect(named('compute_horde_miner.miner.executor_manager.v1:OtherManager')).rejects.toThrow(
      "of ComputeHorde's managers this miner has DockerExecutorManager and DevExecutorManager.",
    );
  });
});

describe('the Docker manager', () => {
  it('needs an address that containers reach the miner at', async () => {
    await expect(made({ executorManager: 'docker', addressForExecutors: '127.0.0.1' })).rejects.toThrow(
      'ADDRESS_FOR_EXECUTORS is "127.0.0.1": executors in containers do not reach the miner there.',
    );
  });

  it('takes the address of this machine’s bridge where none is set, and needs one for other machines', async () => {
    const settings = { executorManager: 'docker', addressForExecutors: null };
    await (await made(settings)).close?.();
    expect(await addressForExecutors(settings)).toBe(await bridgeGateway(new Docker()));
    const file = path.join(folder, 'hosts.yaml');
    writeFileSync(
      file,
      'a: {mode: ssh, executor_class: always_on.test, host: 192.0.2.1, username: u, key_path: /k}\n',
    );
    await expect(made({ ...settings, dockerExecutorsFile: file })).rejects.toThrow(
      `ADDRESS_FOR_EXECUTORS is not set, and ${file} names other machines`,
    );
  });

  it('refuses a wrong file of servers, and ports that are none', async () => {
    const file = path.join(folder, 'docker_config.yaml');
    writeFileSync(file, 'a:\n  mode: local\n');
    const docker = { executorManager: 'docker' };
    await expect(made({ ...docker, dockerExecutorsFile: file })).rejects.toThrow(
      `${file}, line 2: the executor_class of a must be DEFAULT_EXECUTOR_CLASS or one of`,
    );
    await expect(made({ ...docker, dockerExecutorsFile: '/nowhere/servers.yml' })).rejects.toThrow(
      'There is no file /nowhere/servers.yml.',
    );
    await expect(made({ ...docker, streamingPorts: '6000-' })).rejects.toThrow(
      'STREAMING_PORTS is "6000-": "6000-" is none',
    );
  });
});
