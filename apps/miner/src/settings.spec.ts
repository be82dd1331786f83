import { loadSettings } from '@horde/settings';
import { describe, expect, it } from 'vitest';
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

  it('name an executor manager, or the module and class of one', () => {
    for (const name of ['docker', 'process', 'mine:Manager', '/vendor/mine.ts:Manager', 'a.b:C']) {
      expect(load({ EXECUTOR_MANAGER_CLASS_PATH: name }).executorManager).toBe(name);
    }
    expect(() => load({ EXECUTOR_MANAGER_CLASS_PATH: 'podman' })).toThrow(
      'EXECUTOR_MANAGER_CLASS_PATH is "podman": it must be docker, process or module:Class.',
    );
  });

  it('of a custom job runner name its file', () => {
    expect(() => load({ CUSTOM_JOB_RUNNER_CLASS_NAME: 'Mine' })).toThrow(
      'CUSTOM_JOB_RUNNERS_PATH is "": CUSTOM_JOB_RUNNER_CLASS_NAME needs the file that has the class.',
    );
    expect(load({ CUSTOM_JOB_RUNNERS_PATH: '/x.py' }).customJobRunnersFile).toBe('/x.py');
  });

  it('of a local miner name its validator', () => {
    expect(() => load({ IS_LOCAL_MINER: 'true' })).toThrow(
      /LOCAL_MINER_VALIDATOR_PUBLIC_KEY is "": a local miner needs the SS58 address/,
    );
    const key = { LOCAL_MINER_VALIDATOR_PUBLIC_KEY: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY' };
    expect(load({ IS_LOCAL_MINER: 'true', ...key }).localMinerValidator).toBe(Object.values(key)[0]);
  });

  it.each([
    [{ BITTENSOR_MINER_ADDRESS: 'http://miner.example' }, 'it must be an IP address, a name, or auto.'],
    [{ BITTENSOR_MINER_ADDRESS: '0.0.0.0' }, 'it must be an address that others can connect to.'],
    [
      { IS_LOCAL_MINER: 'true', LOCAL_MINER_VALIDATOR_PUBLIC_KEY: '5x' },
      'a local miner needs the SS58 address of its validator.',
    ],
    [{ DATABASE_URL: 'mysql://u:p@h/d' }, 'DATABASE_URL is not valid: it must begin with postgres://.'],
    [{ REDIS_URL: 'redis:6379' }, 'it must begin with redis:// or rediss://.'],
    [{ HOTKEYS_FOR_MAIN_HOTKEY_SELECTION: 'a,b' }, 'it must hold SS58 addresses only.'],
    [{ DYNAMIC_CONFIG_URL: 'https://user:secret@x/y' }, 'must be a URL address.'],
    [{ DYNAMIC_CONFIG_ENV: '../x' }, 'it must be letters, digits, _ and -.'],
  ])('say what is wrong with %j', (variables, sentence) => {
    expect(() => load(variables)).toThrow(sentence);
  });

  it('take IPv6 addresses, and addresses of services without a domain', () => {
    for (const address of ['2001:db8::1', 'miner.example', 'miner'])
      expect(load({ BITTENSOR_MINER_ADDRESS: address }).minerAddress).toBe(address);
    expect(load({ DYNAMIC_CONFIG_URL: 'http://config:8080/a' }).dynamicConfigUrl).toBe(
      'http://config:8080/a',
    );
  });

  it('find Redis in either form', () => {
    expect(load({ REDIS_HOST: 'redis' }).redisUrl).toBe('redis://redis:6379/0');
    expect(load({ REDIS_HOST: 'redis', REDIS_URL: 'redis://other:1/2' }).redisUrl).toBe('redis://other:1/2');
  });
});
