import path from 'node:path';
import { ProcessExecutorManager, type ExecutorManager } from '@horde/executor-manager';
import type { MinerSettings } from '../settings.ts';

/** Variables of the miner that its executors get too; those with a star by their beginning. */
const passedOn = [
  'PATH',
  'HOME',
  'TMPDIR',
  'DOCKER_HOST',
  'HORDE_*',
  'HF_*',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
  'LOG_LEVEL',
  'VOLUME_*',
  'OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES',
  'JOB_RUNNER',
  'JOB_FOLDER',
  'NGINX_PORT',
  'EXECUTOR_*',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];
/** Variables that begin like one of those, but are the miner's own. */
const kept = ['EXECUTOR_MANAGER_CLASS_PATH', 'EXECUTOR_COMMAND', 'EXECUTOR_LOG_FOLDER', 'EXECUTOR_TOKEN'];

/** The executor manager that the settings ask for. */
export function makeExecutorManager(
  settings: MinerSettings,
  environment: Record<string, string | undefined>,
): ExecutorManager {
  return new ProcessExecutorManager({
    executors: { [settings.executorClass]: settings.processExecutors },
    command: settings.executorCommand?.split(/\s+/).filter(Boolean) ?? ownExecutor(),
    environment: {
      ...executorEnvironment(environment),
      ...(settings.debugNoGpuMode && { DEBUG_NO_GPU_MODE: '1' }),
    },
    logFolder: settings.executorLogFolder,
  });
}

/** The part of the miner's environment that its executors see: never its database or its keys. */
export function executorEnvironment(
  environment: Record<string, string | undefined>,
): Record<string, string | undefined> {
  const isPassedOn = (name: string) =>
    passedOn.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => isPassedOn(name) && !kept.includes(name)),
  );
}

/** The executor's bundle, in the folder beside the miner's. */
const ownExecutor = (): string[] => [
  process.execPath,
  path.resolve(path.dirname(process.argv[1]!), '../../executor/dist/main.mjs'),
];
