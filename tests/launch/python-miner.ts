import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { onTestFinished } from 'vitest';
import type { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { ensureNodeImage } from '@horde/testing/node-image';
import { freePort } from '@horde/testing/free-port';
import { root } from '@horde/testing/horde';
import { proxyForContainers } from '@horde/testing/container-proxy';

const docker = new Docker();

/** Builds the executor's image as an operator does, on a base with this machine's Node. */
export async function buildExecutorImage(): Promise<{ name: string; remove: () => Promise<unknown> }> {
  const name = `horde-test/launched-executor:${randomBytes(6).toString('hex')}`;
  const base = await ensureNodeImage();
  const words = ['tools/image.ts', 'executor', name, '--base', base];
  await promisify(execFile)(process.execPath, words, { cwd: root });
  return { name, remove: () => docker.getImage(name).remove({ force: true }) };
}

export interface LaunchedExecutor {
  token: string;
  /** The port of this machine that users are to reach a streaming job on; the miner publishes none for it. */
  nginxPort: number;
  /** Resolves with its exit code when its container is gone. */
  ended: Promise<number>;
  /** What ComputeHorde's miner does to an executor that it wants no more: SIGTERM, and SIGKILL 5 s later. */
  stop: () => Promise<void>;
}

/** How a miner may differ from one that was installed with the defaults. */
export interface MinerSettings {
  /** A file for CUSTOM_JOB_RUNNERS_PATH. */
  customJobRunnersPath?: string;
  customJobRunnerClassName?: string;
}

/** Starts an executor exactly as ComputeHorde's Docker manager in local mode does, to connect to this miner. */
export async function launch(
  image: string,
  miner: ScriptedMiner,
  settings: MinerSettings = {},
): Promise<LaunchedExecutor> {
  const token = randomUUID();
  const nginxPort = await freePort();
  const { customJobRunnersPath: path, customJobRunnerClassName: className } = settings;
  const runnerClass = ['--job-runner-class', `compute_horde_miner.custom_job_runners.${className}`];
  const container = await docker.createContainer({
    name: token,
    Image: image,
    Cmd: [
      'python',
      'manage.py',
      'run_executor',
      '--startup-time-limit',
      '5',
      ...(className ? runnerClass : []),
    ],
    Env: [
      `MINER_ADDRESS=${await proxyForContainers(miner.address)}`,
      `EXECUTOR_TOKEN=${token}`,
      'DEBUG_NO_GPU_MODE=1',
      `NGINX_PORT=${nginxPort}`,
    ],
    HostConfig: {
      AutoRemove: true,
      Binds: [
        '/var/run/docker.sock:/var/run/docker.sock',
        '/tmp:/tmp',
        ...(path ? [`${path}:/root/src/compute_horde_miner/custom_job_runners.py`] : []),
      ],
    },
  });
  onTestFinished(() => container.remove({ force: true }).catch(() => {}));
  const ended = container.wait({ condition: 'removed' }) as Promise<{ StatusCode: number }>;
  await container.start();
  return {
    token,
    nginxPort,
    ended: ended.then(({ StatusCode }) => StatusCode),
    stop: () => container.stop({ t: 5 }),
  };
}

/** What an executor and its job could leave on this machine, by name. */
export async function leftBy(executor: LaunchedExecutor, jobUuid: string): Promise<string[]> {
  const containers = await docker.listContainers({ all: true });
  const networks = await docker.listNetworks();
  const names = [
    ...containers.flatMap(({ Names }) => Names),
    ...networks.map(({ Name }) => Name),
    ...readdirSync('/tmp'),
  ];
  return names.filter((name) => name.includes(executor.token) || name.includes(jobUuid));
}
