import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadSettings } from '@horde/settings';
import { expect, it, onTestFinished, vi } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { checkGpus } from './gpus.ts';
import { executorPlaces } from './servers.ts';

/** What is found of a file's server on a machine with the GPUs 0 and 1. */
async function found(server: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-doctor-gpus-'));
  const file = path.join(folder, 'servers.yml');
  writeFileSync(file, `big: { mode: local, executor_class: always_on.llm.a6000, ${server} }`);
  writeFileSync(
    path.join(folder, 'nvidia-smi'),
    '#!/bin/sh\necho "GPU 0: A (UUID: GPU-0)\nGPU 1: B (UUID: GPU-1)"',
    {
      mode: 0o755,
    },
  );
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
  };
  const { settings } = loadSettings(MinerSettings, environment);
  const findings = await checkGpus(settings, environment, await executorPlaces(settings));
  return findings.map(({ verdict, says }) => `${verdict} ${says}`);
}

it('the doctor tells whose GPUs are whose, which are not there, and which executors share all of them', async () => {
  expect(await found('gpus: [[0], [1]]')).toEqual(['OK big: 0, 1.']);
  expect(await found('gpus: [0, 2]')).toEqual(['OK big: 0+2.', 'FAIL nvidia-smi does not show 2, of big.']);
  expect(await found('executors: 2')).toEqual(['WARN Executors that run at once share all GPUs: big.']);
  expect(await found('executors: 1')).toEqual([]);
});
