import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadSettings } from '@horde/settings';
import { serve } from '@horde/testing/web-server';
import { expect, it, onTestFinished, vi } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { checkGpus } from './gpus.ts';
import { executorPlaces } from './servers.ts';

/** A machine with the GPUs 0 and 1. */
const bothGpus = 'echo "GPU 0: A (UUID: GPU-0)\nGPU 1: B (UUID: GPU-1)"';

/** What is found of a file's server where nvidia-smi is this script. */
async function found(server: string, nvidiaSmi = bothGpus, changes: Record<string, string> = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-doctor-gpus-'));
  const file = path.join(folder, 'servers.yml');
  writeFileSync(file, `big: { mode: local, executor_class: always_on.llm.a6000, ${server} }`);
  writeFileSync(path.join(folder, 'nvidia-smi'), `#!/bin/sh\n${nvidiaSmi}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const environment = {
    DOCKER_EXECUTORS_CONFIG_PATH: file,
    EXECUTOR_MANAGER_CLASS_PATH: 'docker',
    EXECUTOR_IMAGE: 'horde-test/no-such-image:1',
    DATABASE_URL: 'postgres://nowhere/none',
    BITTENSOR_WALLET_NAME: 'none',
    BITTENSOR_WALLET_HOTKEY_NAME: 'none',
    BITTENSOR_NETUID: '12',
    BITTENSOR_NETWORK: 'local',
    BITTENSOR_MINER_PORT: '1',
    ...changes,
  };
  const { settings } = loadSettings(MinerSettings, environment);
  const findings = await checkGpus(settings, environment, await executorPlaces(settings));
  return findings.map(({ verdict, says, fix }) => `${verdict} ${says}${fix === null ? '' : ` -> ${fix}`}`);
}

it('the doctor tells whose GPUs are whose, which are not there, and which executors share all of them', async () => {
  expect(await found('gpus: [[0], [1]]')).toEqual(['OK big: 0, 1.']);
  expect(await found('gpus: [0, 2]')).toEqual([
    'OK big: 0+2.',
    'FAIL nvidia-smi does not show 2, of big. -> Name in gpus what nvidia-smi -L shows.',
  ]);
  expect(await found('executors: 2')).toEqual([
    expect.stringMatching(
      /^WARN Executors that run at once share all GPUs: big\. -> .* gpus: \[0, 1, 2, 3\]\.$/,
    ),
  ]);
  expect(await found('executors: 1')).toEqual([]);
});

it('the doctor tells a driver that does not answer from GPUs that are not there', async () => {
  const mismatch = `echo 'Failed to initialize NVML: Driver/library version mismatch'; exit`;
  expect(await found('gpus: [0]', `${mismatch} 9`)).toEqual([
    'OK big: 0.',
    expect.stringMatching(
      /^FAIL nvidia-smi fails: exit code 9, Failed to initialize NVML: Driver\/library version mismatch\. -> The driver was updated .*: reboot\./,
    ),
  ]);
  expect(await found('gpus: [0]', 'exit 9')).toEqual([
    'OK big: 0.',
    expect.stringMatching(/^FAIL nvidia-smi fails: exit code 9\. -> Try it by hand: docker run /),
  ]);
  expect(await found('gpus: [0]', `${bothGpus}; echo 'WARNING: infoROM is corrupted'; exit 14`)).toEqual([
    'OK big: 0.',
  ]);
});

it('the doctor sees an executor image that gives jobs all GPUs', async () => {
  const { port } = await serve((_request, response) =>
    response.setHeader('content-type', 'application/json').end('{"Config": {"Labels": {}}}'),
  );
  vi.stubEnv('DOCKER_HOST', `tcp://127.0.0.1:${port}`);
  const engine = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, EXECUTOR_IMAGE: 'executor:1' };
  expect(await found('gpus: [0]', bothGpus, engine)).toEqual([
    'OK big: 0.',
    expect.stringMatching(
      /^FAIL executor:1 gives jobs all GPUs of a machine, .* -> Set EXECUTOR_IMAGE to one that does\.$/,
    ),
  ]);
});
