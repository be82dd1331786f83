import { loadSettings } from '@horde/settings';
import { describe, expect, it } from 'vitest';
import { executorEnvironment } from './executors/make-executor-manager.ts';
import { MinerSettings } from './settings.ts';

const needed = {
  DATABASE_URL: 'postgres://x',
  BITTENSOR_MINER_PORT: '8000',
  BITTENSOR_NETUID: '12',
  BITTENSOR_NETWORK: 'finney',
  BITTENSOR_WALLET_NAME: 'w',
  BITTENSOR_WALLET_HOTKEY_NAME: 'h',
};
const load = (more: Record<string, string>) => loadSettings(MinerSettings, { ...needed, ...more }).settings;

describe('the settings', () => {
  it.each(Object.keys(needed))('%s must be set', (name) => {
    expect(() => load({ [name]: '' })).toThrow(`${name} is not set, and it must be.`);
  });

  it('have ComputeHorde’s defaults', () => {
    expect(load({})).toMatchObject({
      executorClass: 'spin_up-4min.gpu-24gb',
      startupTimeLimit: 5,
      walletDirectory: '~/.bittensor/wallets',
      pylonAddress: 'http://pylon:8000',
      pylonIdentityToken: 'miner_token',
      redisUrl: null,
    });
  });

  it('take ComputeHorde’s development manager for the process manager, and say what else they know', () => {
    const path = 'compute_horde_miner.miner.executor_manager.v1:DevExecutorManager';
    expect(load({ EXECUTOR_MANAGER_CLASS_PATH: path }).executorManager).toBe(path);
    expect(() => load({ EXECUTOR_MANAGER_CLASS_PATH: 'mine:Manager' })).toThrow(
      `EXECUTOR_MANAGER_CLASS_PATH is "mine:Manager": this miner knows only process and ${path}.`,
    );
  });

  it('of a local miner name its validator', () => {
    expect(() => load({ IS_LOCAL_MINER: 'true' })).toThrow(
      /LOCAL_MINER_VALIDATOR_PUBLIC_KEY is "": a local miner needs its validator/,
    );
    expect(load({ IS_LOCAL_MINER: 'true', LOCAL_MINER_VALIDATOR_PUBLIC_KEY: '5x' }).localMinerValidator).toBe(
      '5x',
    );
  });

  it('find Redis in either form', () => {
    expect(load({ REDIS_HOST: 'redis' }).redisUrl).toBe('redis://redis:6379/0');
    expect(load({ REDIS_HOST: 'redis', REDIS_URL: 'redis://other:1/2' }).redisUrl).toBe('redis://other:1/2');
  });
});

it('executors see what they need of the miner’s environment, and none of its secrets', () => {
  expect(
    executorEnvironment({
      PATH: '/bin',
      DOCKER_HOST: 'unix:///x',
      HORDE_X: '1',
      VOLUME_MAX_SIZE_BYTES: '5',
      HF_ACCESS_TOKEN: 't',
      EXECUTOR_X: '2',
      DATABASE_URL: 'postgres://secret',
      PYLON_IDENTITY_TOKEN: 's',
      BITTENSOR_WALLET_NAME: 'w',
      EXECUTOR_COMMAND: 'x',
      EXECUTOR_TOKEN: 'y',
    }),
  ).toEqual({
    PATH: '/bin',
    DOCKER_HOST: 'unix:///x',
    HORDE_X: '1',
    VOLUME_MAX_SIZE_BYTES: '5',
    HF_ACCESS_TOKEN: 't',
    EXECUTOR_X: '2',
  });
});
