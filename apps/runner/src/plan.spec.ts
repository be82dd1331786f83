import { describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import type { Catalogue } from './read-variables.ts';
import { roleOf } from './roles.ts';

const catalogue: Catalogue = {
  reads: {
    miner:
      'ADDRESS_FOR_EXECUTORS BACKUP_FOLDER BITTENSOR_NETWORK BITTENSOR_WALLET_NAME DATABASE_URL DEFAULT_ADMIN_PASSWORD DEFAULT_EXECUTOR_CLASS EXECUTOR_MANAGER_CLASS_PATH JOB_* LOCAL_RECEIPTS_ROOT MIGRATING MINER_ABSENCE_LIMIT PYLON_ADDRESS'.split(
        ' ',
      ),
    pylon: ['PYLON_*'],
  },
  secrets: { miner: ['DATABASE_URL'] },
  unread: ['SECRET_KEY', 'POSTGRES_PASSWORD', 'HOST_WALLET_DIR'],
};
const installed = {
  SECRET_KEY: 'k',
  POSTGRES_PASSWORD: 'p',
  BITTENSOR_NETUID: '12',
  BITTENSOR_NETWORK: 'finney',
  BITTENSOR_WALLET_NAME: 'my wallet',
  BITTENSOR_WALLET_HOTKEY_NAME: 'default',
  HOST_WALLET_DIR: '/home/ubuntu/.bittensor/wallets',
  BITTENSOR_MINER_PORT: '8000',
  COMPOSE_PROJECT_NAME: 'compute_horde_miner',
  DEFAULT_EXECUTOR_CLASS: '',
  ADDRESS_FOR_EXECUTORS: '172.17.0.1',
  MIGRATING: '0',
};
const plan = (changed: Record<string, string> = {}, wallets: string | null = null) =>
  planOf(roleOf('miner'), { ...installed, ...changed }, catalogue, wallets);

describe('what a runner starts for its .env', () => {
  it('has the service’s own variables alone, and none that is empty', () => {
    expect(plan()).toMatchObject({
      project: 'compute_horde_miner',
      devnet: false,
      ownPylon: true,
      notes: [],
    });
    expect(plan().app).toEqual({
      BITTENSOR_NETWORK: 'finney',
      BITTENSOR_WALLET_NAME: 'my wallet',
      MIGRATING: '0',
      MINER_ABSENCE_LIMIT: '1020',
    });
  });

  it('has executors wait for a miner for longer than an update waits until it is ready', () => {
    const limit = (changed: Record<string, string>) => Number(plan(changed).app['MINER_ABSENCE_LIMIT']);
    expect(limit({ UPDATE_READY_SECONDS: '2000' })).toBeGreaterThan(2_000);
    expect(limit({ MINER_ABSENCE_LIMIT: '45' })).toBe(45);
    expect(() => plan({ UPDATE_READY_SECONDS: 'soon' })).toThrow('UPDATE_READY_SECONDS is "soon"');
  });

  it('is of the project that ComputeHorde’s runner had where .env does not name one', () => {
    expect(plan({ COMPOSE_PROJECT_NAME: '' }).project).toBe('root');
    expect(roleOf('validator').project).toBe('validator');
  });

  it('needs neither hotkey nor Pylon for a local miner', () => {
    expect(plan()).toMatchObject({ needsHotkey: true, ownPylon: true });
    expect(plan({ IS_LOCAL_MINER: '1' })).toMatchObject({ needsHotkey: false, ownPylon: false });
    expect(plan({ IS_LOCAL_MINER: '0' })).toMatchObject({ needsHotkey: true, ownPylon: true });
  });

  it('uses the mounted wallets where .env does not say where they are', () => {
    expect(plan({ HOST_WALLET_DIR: '' }, '/root/.bittensor/wallets').walletFolder).toBe(
      '/root/.bittensor/wallets',
    );
  });

  it('leaves out what only ComputeHorde’s containers were, and keeps an operator’s own', () => {
    const old = {
      DATABASE_URL: 'postgres://postgres:p@db:5432/postgres',
      PYLON_ADDRESS: 'http://pylon:8000',
      LOCAL_RECEIPTS_ROOT: '/elsewhere',
    };
    expect(plan(old).app).toEqual(plan().app);
    const own = { DATABASE_URL: 'postgres://u:p@db.example/x', PYLON_ADDRESS: 'http://10.0.0.2:8000' };
    expect(plan(own).app).toMatchObject(own);
    expect(plan(own).ownPylon).toBe(false);
    expect(plan({ ADDRESS_FOR_EXECUTORS: '93.184.216.34' }).app).toMatchObject({
      ADDRESS_FOR_EXECUTORS: '93.184.216.34',
    });
  });

  it('gives a manager of the operator’s own what nobody else knows, and no secret of others', () => {
    const own = { MY_CLOUD_KEY: 'x', EXECUTOR_MANAGER_CLASS_PATH: 'manager:Cloud' };
    expect(plan(own).app).toMatchObject(own);
    expect(plan(own).app).not.toHaveProperty('POSTGRES_PASSWORD');
    expect(plan({ MY_CLOUD_KEY: 'x' }).app).not.toHaveProperty('MY_CLOUD_KEY');
    const vendor = { ...own, HOST_VENDOR_DIR: '/srv/vendor' };
    expect(plan(vendor).app).toMatchObject({ VENDOR_DIRECTORY: '/root/vendor' });
  });

  it('has the host’s folder of backups where the service looks for it', () => {
    const { app, folders } = plan({ BACKUP_FOLDER: '/srv/backups' });
    expect(folders).toEqual({ '/srv/backups': app['BACKUP_FOLDER'] });
    expect(app['BACKUP_FOLDER']).toBe('/var/backups/horde');
  });

  it('has no password that the panel would refuse, and says so', () => {
    const { app, notes } = plan({ DEFAULT_ADMIN_PASSWORD: 'short' });
    expect(app).not.toHaveProperty('DEFAULT_ADMIN_PASSWORD');
    expect(notes).toEqual([expect.stringContaining('fewer than 12 characters')]);
  });

  it.each<[changed: Record<string, string>, sentence: string]>([
    [{ BITTENSOR_MINER_PORT: '' }, 'BITTENSOR_MINER_PORT is not set in .env, and it must be.'],
    [{ BITTENSOR_MINER_PORT: 'abc' }, 'BITTENSOR_MINER_PORT is "abc": it must be a port from 1 to 65535.'],
    [{ BITTENSOR_MINER_PORT: '70000' }, 'must be a port'],
    [
      { BITTENSOR_WALLET_NAME: '../other' },
      'BITTENSOR_WALLET_NAME is "../other": it must be the name of a file',
    ],
    [{ BITTENSOR_NETUID: '' }, 'BITTENSOR_NETUID is not set'],
    [{ HOST_WALLET_DIR: '~/.bittensor/wallets' }, 'must be the whole path of a folder of the host'],
    [{ HOST_WALLET_DIR: '' }, 'HOST_WALLET_DIR is not set in .env, and no wallets are mounted'],
    [{ HOST_VENDOR_DIR: 'vendor' }, 'HOST_VENDOR_DIR is "vendor"'],
    [{ TAKE_OVER: 'no' }, 'TAKE_OVER is "no": it may be skip, or be left out.'],
    [{ COMPOSE_PROJECT_NAME: 'My Miner' }, 'COMPOSE_PROJECT_NAME is "My Miner"'],
  ])('is refused with %o, in a sentence', (changed, sentence) => {
    expect(() => plan(changed)).toThrow(sentence);
  });
});
