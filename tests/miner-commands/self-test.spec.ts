import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildExecutorImage } from '../launch/python-miner.ts';
import { freePort } from '@horde/testing/free-port';
import { root } from '@horde/testing/horde';
import { MinerNetwork } from './miner-network.ts';

interface Report {
  ok: boolean;
  checks: { check: string; verdict: string; says: string; fix: string | null }[];
}

/** A run of self_test, and its report by the names of its checks. */
async function selfTest(network: MinerNetwork, words: string[] = [], environment = {}) {
  const { exitCode, said, complained } = await network.command(['self_test', '--json', ...words], environment)
    .ended;
  expect(complained).toBe('');
  const report = JSON.parse(said) as Report;
  const of = (name: string) => report.checks.find(({ check }) => check === name);
  return { exitCode, report, of };
}

const executorCommand = `${process.execPath} ${path.join(root, 'apps/executor/dist/main.mjs')}`;

const debugValidators = (network: MinerNetwork) => network.query('select 1 from validator where debug');

describe('self_test', () => {
  let network: MinerNetwork;
  beforeAll(async () => {
    network = await MinerNetwork.start();
    await network.startMiner();
  });
  afterAll(() => network?.close());

  it('of a miner that works is OK in everything, and leaves no validator behind', async () => {
    const { exitCode, report } = await selfTest(network, ['--weights_version', '7']);
    expect(report.checks.map(({ check, verdict, fix }) => ({ check, verdict, fix }))).toEqual(
      [
        'weights version',
        'local address',
        'announced address',
        'executors',
        'job always_on.test',
        'streaming job',
        'receipts',
        'receipt pages',
      ].map((check) => ({ check, verdict: 'OK', fix: null })),
    );
    expect(report.ok).toBe(true);
    expect(exitCode).toBe(0);
    expect(await debugValidators(network)).toEqual([]);
    expect(
      await network.query(
        'select status, is_organic from job join receipt on job_uuid = uuid and is_organic is not null',
      ),
    ).toEqual([1, 2].map(() => ({ status: 'completed', is_organic: false })));
  }, 120_000);

  it('finds a job that nobody can run, and says why', async () => {
    const { exitCode, of } = await selfTest(network, ['--image', 'horde-test/nowhere:1']);
    expect(exitCode).toBe(1);
    expect(of('job always_on.test')).toMatchObject({
      verdict: 'FAIL',
      says: expect.stringContaining('horde-test/nowhere:1'),
      fix: expect.stringContaining('EXECUTOR_LOG_FOLDER'),
    });
    expect(of('streaming job')).toMatchObject({ verdict: 'WARN', says: 'Not tested: no job was completed.' });
  }, 120_000);

  it('finds that the chain has another address', async () => {
    const port = await freePort();
    await network.register({ ip: '127.0.0.1', port });
    const { exitCode, of } = await selfTest(network);
    expect(exitCode).toBe(1);
    expect(of('local address')).toMatchObject({ verdict: 'OK' });
    expect(of('announced address')).toMatchObject({
      verdict: 'FAIL',
      says: expect.stringContaining(`The miner cannot be used at 127.0.0.1:${port}: `),
      fix: expect.stringContaining(`Let TCP port ${port} through`),
    });
    expect(of('job always_on.test')).toMatchObject({ verdict: 'OK' });
  }, 120_000);

  it("takes the options of ComputeHorde's validator, and says that they change nothing", async () => {
    const local = { IS_LOCAL_MINER: 'true', LOCAL_MINER_VALIDATOR_PUBLIC_KEY: network.hotkey };
    const words = ['--validator_db_name', 'validator', '--clean_validator_records'];
    const { exitCode, report } = await selfTest(network, words, local);
    expect(report.checks.map(({ verdict, says }) => [verdict, says])).toEqual([
      ['WARN', 'No validator is started: --clean-validator-records, --validator-db-name change nothing.'],
      ['WARN', 'A local miner lets nobody in but its own validator: not tested.'],
    ]);
    expect(exitCode).toBe(0);
  }, 60_000);

  it('needs the hotkey, and says so', async () => {
    const { exitCode, report } = await selfTest(network, [], { BITTENSOR_WALLET_HOTKEY_NAME: 'other' });
    expect(report.checks).toMatchObject([{ check: 'miner', verdict: 'FAIL', fix: 'Run `miner doctor`.' }]);
    expect(exitCode).toBe(1);
  }, 60_000);

  it('finds that nothing listens, and tries nothing more', async () => {
    const port = String(await freePort());
    const { exitCode, of, report } = await selfTest(network, [], { BITTENSOR_MINER_PORT: port });
    expect(exitCode).toBe(1);
    expect(of('local address')).toMatchObject({ verdict: 'FAIL' });
    expect(report.checks).toHaveLength(2);
    expect(await debugValidators(network)).toEqual([]);
  }, 60_000);
});

/** A minute of two processors more, with `./horde test --all`. */
const whole = process.env['WHOLE_SELF_TEST'] !== undefined;

describe.runIf(whole)('self_test of a miner whose executors are containers', () => {
  it('runs its jobs in the image of the executors, which is there already', async () => {
    const image = await buildExecutorImage();
    const network = await MinerNetwork.start({
      HOST: '0.0.0.0',
      EXECUTOR_MANAGER_CLASS_PATH: 'docker',
      EXECUTOR_IMAGE: image.name,
    });
    try {
      await network.startMiner();
      const { exitCode, said } = await network.command(['self_test']).ended;
      expect(said).toMatch(/^OK {4}job always_on\.test +Completed in \d+\.\d s: /m);
      expect(said).toMatch(/^OK {4}streaming job +Reached at 127\.0\.0\.1:\d+, completed in /m);
      expect(said).toMatch(/^7 OK, 0 WARN, 0 FAIL$/m);
      expect(exitCode).toBe(0);
    } finally {
      await network.close();
      await image.remove();
    }
  }, 240_000);
});

describe.runIf(whole)('self_test of a miner whose executors take their time to be gone', () => {
  it('asks again while the executor of the job before still holds its place', async () => {
    const network = await MinerNetwork.start();
    try {
      const script = path.join(network.folder, 'lingering.sh');
      const mayGo = path.join(network.folder, 'executors-may-go');
      const linger = `while [ -e ${script} ] && [ ! -e ${mayGo} ]; do sleep 0.1; done`;
      await writeFile(script, `#!/bin/sh\n${executorCommand} "$@"\n${linger}\n`, { mode: 0o755 });
      network.environment['EXECUTOR_COMMAND'] = script;
      await network.startMiner();
      const testing = selfTest(network);
      const rejected = () => network.query("select 1 from job where status = 'rejected'");
      await expect.poll(rejected, { timeout: 60_000 }).not.toEqual([]);
      await writeFile(mayGo, '');
      const { exitCode, report } = await testing;
      expect(report.checks.filter(({ verdict }) => verdict !== 'OK')).toEqual([]);
      expect(exitCode).toBe(0);
    } finally {
      await network.close();
    }
  }, 120_000);
});

describe('self_test of a miner with a broken executor', () => {
  it('says that it did not start', async () => {
    const network = await MinerNetwork.start({ EXECUTOR_COMMAND: '/bin/false' });
    try {
      await network.startMiner();
      const { ended } = network.command(['self_test']);
      const { exitCode, said } = await ended;
      expect(exitCode).toBe(1);
      expect(said).toMatch(/^FAIL {2}job always_on\.test +Not completed: the miner failed it/m);
      expect(said).toMatch(/^ +-> Look at the log of the miner/m);
      expect(said).toMatch(/\d OK, 1 WARN, 1 FAIL\n$/);
    } finally {
      await network.close();
    }
  }, 60_000);
});

describe('self_test, interrupted while a job waits for its executor', () => {
  it('gives the job up, removes its validator, and ends with 130', async () => {
    const network = await MinerNetwork.start();
    try {
      const script = path.join(network.folder, 'idle.mjs');
      await writeFile(script, 'setInterval(() => undefined, 100_000);');
      network.environment['EXECUTOR_COMMAND'] = `${process.execPath} ${script}`;
      await network.startMiner();
      const { child, ended } = network.command(['self_test']);
      const running = () => network.query('select 1 from job where executor_handle is not null');
      while ((await running()).length === 0) await sleep(50);
      expect(await debugValidators(network)).toHaveLength(1);
      child.kill('SIGINT');
      await once(child, 'exit');
      const { exitCode } = await ended;
      expect(exitCode).toBe(130);
      expect(await debugValidators(network)).toEqual([]);
      await expect
        .poll(() => network.query('select status, slot_held from job'), { timeout: 20_000 })
        .toEqual([{ status: 'horde_failed', slot_held: false }]);
    } finally {
      await network.close();
    }
  }, 60_000);
});
