import { readFileSync } from 'node:fs';
import { variablesOf } from '@horde/settings';
import { describe, expect, it } from 'vitest';
import { ExecutorSettings } from '../../apps/executor/src/settings.ts';
import { MinerConfig } from '../../apps/miner/src/dynamic-config/miner-config.ts';
import { MinerSettings } from '../../apps/miner/src/settings.ts';

/** What ComputeHorde's miner and executor read from their environment, and what operators change in the miner's panel. */
const variables = {
  miner: `
    SECRET_KEY POSTGRES_PASSWORD DATABASE_URL DATABASE_POOL_URL DATABASE_SUFFIX REDIS_HOST REDIS_PORT
    CELERY_BROKER_URL CHANNELS_BACKEND BITTENSOR_MINER_PORT BITTENSOR_MINER_ADDRESS ADDRESS_FOR_EXECUTORS
    PORT_FOR_EXECUTORS BITTENSOR_NETUID BITTENSOR_NETWORK BITTENSOR_WALLET_DIRECTORY BITTENSOR_WALLET_NAME
    BITTENSOR_WALLET_HOTKEY_NAME EXECUTOR_MANAGER_CLASS_PATH DEFAULT_EXECUTOR_CLASS EXECUTOR_IMAGE
    DOCKER_EXECUTORS_CONFIG_PATH DEBUG_AUTO_REMOVE_EXECUTOR_CONTAINERS DEBUG_NO_GPU_MODE
    DEBUG_TURN_AUTHENTICATION_OFF CUSTOM_JOB_RUNNERS_PATH CUSTOM_JOB_RUNNER_CLASS_NAME HF_ACCESS_TOKEN
    HOTKEYS_FOR_MAIN_HOTKEY_SELECTION IS_LOCAL_MINER LOCAL_MINER_VALIDATOR_PUBLIC_KEY LOCAL_RECEIPTS_ROOT MIGRATING
    DYNAMIC_CONFIG_ENV USE_CONTRACT_CONFIG CONFIG_CONTRACT_ADDRESS PYLON_ADDRESS PYLON_IDENTITY_TOKEN
    DEFAULT_ADMIN_USERNAME DEFAULT_ADMIN_PASSWORD DEFAULT_ADMIN_EMAIL MINER_VERSION MINER_RUNNER_VERSION
    PROMETHEUS_MULTIPROC_DIR SENTRY_DSN CLUSTER_SECRET CLUSTER_HOTKEYS HOST_WALLET_DIR HOST_VENDOR_DIR
    VENDOR_DIRECTORY MINER_IMAGE_TAG DOCKER_STORAGE_THRESHOLD SERVING OLD_MINER_IP OLD_MINER_PORT
    DYNAMIC_RECEIPT_TRANSFER_ENABLED DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES
    DYNAMIC_DUMMY`,
  executor: `
    MINER_ADDRESS EXECUTOR_TOKEN NGINX_PORT DEBUG_NO_GPU_MODE EXECUTOR_ON_HOST VOLUME_MAX_SIZE_BYTES
    OUTPUT_ZIP_UPLOAD_MAX_SIZE_BYTES HF_ACCESS_TOKEN HF_HUB_ENABLE_HF_TRANSFER SENTRY_DSN ENV SECRET_KEY DEBUG`,
};
const read = { miner: new Set(variablesOf(MinerSettings)), executor: new Set(variablesOf(ExecutorSettings)) };

/** The first column of the table of variables that are not read. */
const notRead = readFileSync('docs/compatibility.md', 'utf8')
  .split('### Variables that are not read')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|')[1]!);
const isListed = (service: string, name: string) =>
  notRead.some(
    (cell) =>
      cell.includes(`\`${name}\``) &&
      (!/\((.*)\)/.test(cell) || /\((.*)\)/.exec(cell)![1]!.includes(service)),
  );

describe.each(['miner', 'executor'] as const)('a variable of ComputeHorde’s %s', (service) => {
  it.each(variables[service].trim().split(/\s+/))('%s is read, or listed with the reason why not', (name) => {
    expect([read[service].has(name), isListed(service, name)]).toSatisfy(
      ([isRead, listed]) => isRead !== listed,
    );
  });
});

it('no variable is listed that ComputeHorde does not have', () => {
  const all = new Set(`${variables.miner} ${variables.executor}`.split(/\s+/));
  const listed = notRead.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  expect(listed.filter((name) => !all.has(name))).toEqual([]);
});

it('every key that can be changed while the miner runs can be set in its environment, too', () => {
  const config = new MinerConfig(new MinerSettings(), undefined as never, undefined as never);
  for (const { name } of config.all()) expect(read.miner).toContain(name);
});
