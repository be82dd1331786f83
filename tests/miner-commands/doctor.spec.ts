import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { command } from '../../apps/miner/src/testing/run-command.ts';
import { freePort } from '@horde/testing/free-port';
import { serve } from '@horde/testing/web-server';
import { MinerNetwork } from './miner-network.ts';

interface Found {
  verdict: string;
  says: string;
  fix: string | null;
}

let network: MinerNetwork;

beforeAll(async () => {
  network = await MinerNetwork.start();
  await network.startMiner();
});
afterAll(() => network?.close());

/** What the doctor finds, by the names of its checks. */
async function doctor(changes: Record<string, string> = {}) {
  const { exitCode, said } = await command({ ...network.environment, ...changes }, ['doctor', '--json']);
  const { checks } = JSON.parse(said) as { checks: (Found & { check: string })[] };
  const found = Object.fromEntries(checks.map(({ check, ...rest }) => [check, rest]));
  return { exitCode, found };
}

/** A web server of the test's own. @returns its address */
async function webServer(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const nowhere = async () => `127.0.0.1:${await freePort()}`;

it('finds nothing wrong around a miner that works', async () => {
  const { exitCode, found } = await doctor();
  expect(exitCode).toBe(0);
  expect(Object.keys(found)).toEqual([
    'settings',
    'docker',
    'nvidia runtime',
    'daemon.json',
    'cgroup driver',
    'no-cgroups',
    'hugepages',
    'sysbox',
    'machine',
    'executors',
    'disk',
    'streaming ports',
    'permissions',
    'port',
    'clock',
    'wallet',
    'chain',
    'registration',
    'postgres',
    'redis',
    'certificate',
  ]);
  expect(
    Object.entries(found).filter(([check, { verdict }]) => check !== 'disk' && verdict !== 'OK'),
  ).toEqual([]);
  expect(found['port']!.says).toMatch(/^The miner \(version .*\) listens on port \d+\.$/);
  expect(found['registration']!.says).toMatch(new RegExp(`, at 127\\.0\\.0\\.1:${network.port}\\.$`));
}, 60_000);

describe('finds, with what to do about it,', () => {
  const faults: [string, string, () => Promise<Record<string, string>>, Found][] = [
    [
      'a Docker engine that is away',
      'docker',
      async () => ({ DOCKER_HOST: 'unix:///nowhere/docker.sock' }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(/^The engine does not answer: .*ENOENT/) as string,
        fix: expect.stringContaining('There is no /nowhere/docker.sock: install Docker') as string,
      },
    ],
    [
      'an engine without the runtime that GPUs need',
      'nvidia runtime',
      async () => ({ DEBUG_NO_GPU_MODE: 'false', DEFAULT_EXECUTOR_CLASS: 'always_on.gpu-24gb' }),
      {
        verdict: 'FAIL',
        says: 'The engine has no runtime nvidia ("docker info"), and always_on.gpu-24gb needs a GPU.',
        fix: expect.stringContaining('nvidia-ctk') as string,
      },
    ],
    [
      'an image of executors that is not there',
      'executor image',
      async () => ({
        EXECUTOR_MANAGER_CLASS_PATH: 'docker',
        EXECUTOR_IMAGE: 'horde-test/nowhere:1',
        HOST: '0.0.0.0',
        BITTENSOR_MINER_PORT: String(await freePort()),
      }),
      {
        verdict: 'WARN',
        says: expect.stringContaining('horde-test/nowhere:1 is not on this machine') as string,
        fix: expect.stringContaining('docker pull horde-test/nowhere:1') as string,
      },
    ],
    [
      'a miner that containers do not reach',
      'address for executors',
      async () => ({
        EXECUTOR_MANAGER_CLASS_PATH: 'docker',
        HOST: '127.0.0.1',
        BITTENSOR_MINER_PORT: String(await freePort()),
      }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(
          /^Containers do not reach the miner at [\d.]+:\d+: can't connect/,
        ) as string,
        fix: expect.stringContaining('ADDRESS_FOR_EXECUTORS') as string,
      },
    ],
    [
      'a miner that containers will reach when it runs',
      'address for executors',
      async () => ({
        EXECUTOR_MANAGER_CLASS_PATH: 'docker',
        HOST: '0.0.0.0',
        BITTENSOR_MINER_PORT: String(await freePort()),
      }),
      {
        verdict: 'OK',
        says: expect.stringMatching(/^Containers reach the miner at [\d.]+:\d+\.$/) as string,
        fix: null,
      },
    ],
    [
      'a host of executors that is away',
      'executors',
      async () => {
        const file = path.join(network.folder, 'servers.yml');
        const port = await freePort();
        await writeFile(
          file,
          `far:\n  executor_class: always_on.test\n  mode: ssh\n  host: 127.0.0.1\n  ssh_port: ${port}\n  username: u\n  key_path: ${network.wallet}\n`,
        );
        return {
          EXECUTOR_MANAGER_CLASS_PATH: 'docker',
          DOCKER_EXECUTORS_CONFIG_PATH: file,
          ADDRESS_FOR_EXECUTORS: '192.0.2.1',
        };
      },
      {
        verdict: 'FAIL',
        says: expect.stringContaining('0 of 1 always_on.test') as string,
        fix: expect.stringContaining('DOCKER_EXECUTORS_CONFIG_PATH') as string,
      },
    ],
    [
      'a port that another program has',
      'port',
      async () => ({ BITTENSOR_MINER_PORT: new URL(await webServer((_, answer) => answer.end())).port }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(/^Port \d+ is taken by something that is no miner\.$/) as string,
        fix: expect.stringContaining('ss -ltnp') as string,
      },
    ],
    [
      'an address that is not of this machine',
      'port',
      async () => ({ HOST: '192.0.2.1' }),
      {
        verdict: 'FAIL',
        says: expect.stringContaining('(EADDRNOTAVAIL)') as string,
        fix: 'Set HOST to an address of this machine.',
      },
    ],
    [
      'ports for streaming jobs that are none',
      'streaming ports',
      async () => ({ STREAMING_PORTS: '70000' }),
      {
        verdict: 'FAIL',
        says: expect.stringContaining('STREAMING_PORTS is "70000": 70000 is no port') as string,
        fix: expect.stringContaining('6000-6999') as string,
      },
    ],
    [
      'a clock that is wrong',
      'clock',
      async () => {
        const { port } = await serve((_, answer) => {
          answer.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString()).end();
        });
        return { PUBLIC_ADDRESS_SERVICES: `http://127.0.0.2:${port},http://127.0.0.3:${port}` };
      },
      {
        verdict: 'FAIL',
        says: expect.stringMatching(/^It is (35\d\d|360\d) s behind those of 127/) as string,
        fix: expect.stringContaining('timedatectl') as string,
      },
    ],
    [
      'a chain that is away',
      'chain',
      async () => ({ PYLON_ADDRESS: `http://${await nowhere()}` }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(/^Pylon at .* does not answer/) as string,
        fix: expect.stringContaining('PYLON_ADDRESS') as string,
      },
    ],
    [
      'a token that Pylon refuses',
      'chain',
      async () => ({ PYLON_IDENTITY_TOKEN: 'wrong' }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(/^Pylon at .* answered /) as string,
        fix: expect.stringContaining('PYLON_IDENTITY_TOKEN') as string,
      },
    ],
    [
      'a wallet that is not there',
      'wallet',
      async () => ({ BITTENSOR_WALLET_HOTKEY_NAME: 'other' }),
      {
        verdict: 'FAIL',
        says: expect.stringContaining('There is no hotkey file') as string,
        fix: expect.stringContaining('BITTENSOR_WALLET_DIRECTORY') as string,
      },
    ],
    [
      'a folder that cannot be one',
      'permissions',
      async () => ({ LOCAL_RECEIPTS_ROOT: path.join(network.wallet, 'receipts') }),
      {
        verdict: 'FAIL',
        says: expect.stringContaining('is no folder') as string,
        fix: 'Set LOCAL_RECEIPTS_ROOT to a folder.',
      },
    ],
    [
      'a folder on a file system that takes none',
      'permissions',
      async () => ({ LOCAL_RECEIPTS_ROOT: '/sys/receipts' }),
      {
        verdict: 'FAIL',
        says: 'This user cannot write to /sys, where LOCAL_RECEIPTS_ROOT (/sys/receipts) is to be made.',
        fix: expect.stringContaining('set LOCAL_RECEIPTS_ROOT to another folder') as string,
      },
    ],
    [
      'a folder of jobs that is not there',
      'permissions',
      async () => ({ JOB_FOLDER: path.join(network.folder, 'jobs') }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(
          /^There is no folder \S+\/jobs \(JOB_FOLDER\), and no executor makes it\.$/,
        ) as string,
        fix: expect.stringMatching(/^Run: mkdir -p \S+\/jobs$/) as string,
      },
    ],
    [
      'a file of servers that is not there',
      'executors',
      async () => ({
        EXECUTOR_MANAGER_CLASS_PATH: 'docker',
        DOCKER_EXECUTORS_CONFIG_PATH: '/nowhere/servers.yml',
      }),
      {
        verdict: 'FAIL',
        says: 'There is no file /nowhere/servers.yml.',
        fix: 'Mend the file, or set DOCKER_EXECUTORS_CONFIG_PATH to another one.',
      },
    ],
    [
      'a manager of the operator’s own that is not there',
      'executors',
      async () => ({ EXECUTOR_MANAGER_CLASS_PATH: 'mine:Manager', VENDOR_DIRECTORY: network.folder }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(
          /^EXECUTOR_MANAGER_CLASS_PATH is "mine:Manager"\. There is no module mine in /,
        ) as string,
        fix: 'Mend the module, or set EXECUTOR_MANAGER_CLASS_PATH and VENDOR_DIRECTORY.',
      },
    ],
    [
      'a database that is away',
      'postgres',
      async () => ({ DATABASE_URL: `postgres://u:secret@${await nowhere()}/d` }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(/^It cannot be used: .*ECONNREFUSED/) as string,
        fix: expect.stringContaining('DATABASE_URL') as string,
      },
    ],
    [
      'a Redis that is away',
      'redis',
      async () => ({ REDIS_URL: `redis://${await nowhere()}` }),
      {
        verdict: 'FAIL',
        says: expect.stringMatching(/^It cannot be used: /) as string,
        fix: expect.stringContaining('REDIS_URL') as string,
      },
    ],
  ];

  it.each(faults)('%s', async (_name, check, changes, expected) => {
    const { exitCode, found } = await doctor(await changes());
    expect(found[check]).toEqual(expected);
    expect(exitCode).toBe(expected.verdict === 'FAIL' ? 1 : 0);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('a hotkey that others can read', async () => {
    await chmod(network.wallet, 0o644);
    onTestFinished(() => chmod(network.wallet, 0o600));
    const { exitCode, found } = await doctor();
    expect(found['wallet']).toEqual({
      verdict: 'FAIL',
      says: `The hotkey file ${network.wallet} is open to other users (mode 0644).`,
      fix: `Run: chmod 600 ${network.wallet}`,
    });
    expect(exitCode).toBe(1);
  });

  it('a hotkey that is not registered', async () => {
    const folder = path.join(network.folder, 'strangers/miner/hotkeys');
    await mkdir(folder, { recursive: true });
    const seed = `0x${Buffer.alloc(32, 9).toString('hex')}`;
    await writeFile(path.join(folder, 'default'), JSON.stringify({ secretSeed: seed }), { mode: 0o600 });
    const { address } = Keypair.fromSeed(new Uint8Array(32).fill(9));
    const directory = path.join(network.folder, 'strangers');
    const { found } = await doctor({ BITTENSOR_WALLET_DIRECTORY: directory });
    expect(found['registration']).toEqual({
      verdict: 'FAIL',
      says: `${address} is not registered on subnet 12.`,
      fix: 'Register it: btcli subnet register --netuid 12 --network devnet',
    });
  });

  it('settings that are missing', async () => {
    const { exitCode, said } = await command({}, ['doctor']);
    expect(exitCode).toBe(1);
    expect(said).toMatch(/^FAIL {2}settings +DATABASE_URL is not set, and it must be\.$/m);
    expect(said).toMatch(/^0 OK, 0 WARN, \d FAIL$/m);
  });
});

describe('liveness_check', () => {
  const check = (changes = {}) => command({ ...network.environment, ...changes }, ['liveness_check']);

  it('ends with 0 while the miner runs', async () => {
    const { exitCode, said } = await check();
    expect(said).toMatch(
      /^The miner \(version .*\) answers at 127\.0\.0\.1:\d+, and so does its database\.$/,
    );
    expect(exitCode).toBe(0);
  });

  it.each([
    [
      'no miner is there',
      async () => ({ BITTENSOR_MINER_PORT: String(await freePort()) }),
      /^The miner does not/,
    ],
    [
      'something else is there',
      async () => ({ BITTENSOR_MINER_PORT: new URL(network.devnet.address).port }),
      /^The miner does not answer at .*and not as a miner does\.$/,
    ],
    [
      'its database is away',
      async () => ({ DATABASE_URL: `postgres://u:p@${await nowhere()}/d` }),
      /^The miner answers, but its database does not: .*ECONNREFUSED/,
    ],
  ])('ends with 1 and a sentence when %s', async (_name, changes, sentence) => {
    const { exitCode, complained } = await check(await changes());
    expect(complained).toMatch(sentence);
    expect(exitCode).toBe(1);
  });
});

describe('commands that use the chain', () => {
  it('fetch_validators takes its validators over, and drops those that it has no more', async () => {
    const [listed, gone] = [Keypair.generate().address, Keypair.generate().address];
    await network.devnet.call('PUT', `/devnet/neurons/${listed}`, {
      stake: 5,
      validator_permit: true,
      axon: null,
    });
    await network.query('insert into validator (hotkey, active) values ($1, true)', gone);
    const { said } = await command(network.environment, ['fetch_validators']);
    expect(said).toBe('The chain has 1 validator.');
    expect(
      await network.query(
        'select hotkey, active from validator where hotkey in ($1, $2) order by active',
        gone,
        listed,
      ),
    ).toEqual([
      { hotkey: gone, active: false },
      { hotkey: listed, active: true },
    ]);
  });

  it('announce_address_and_port writes the address; over a Pylon that cannot it says what does', async () => {
    await network.register(null);
    const { said } = await command(network.environment, ['announce_address_and_port']);
    expect(said).toBe(`The chain has the address of this miner: 127.0.0.1:${network.port}.`);
    expect((await doctor()).found['registration']!.verdict).toBe('OK');
    await network.register(null);
    expect((await doctor()).found['registration']).toMatchObject({
      verdict: 'WARN',
      says: expect.stringMatching(/^Registered as \d+, but without an address\.$/) as string,
      fix: 'Start the miner, or run `miner announce_address_and_port`.',
    });
    const overPylon = { ...network.environment, BITTENSOR_NETWORK: 'local' };
    const told = await command(overPylon, ['announce_address_and_port']);
    expect(told.said).toMatch(/^Validators do not find this miner: .* run: python3 -c /);
  });
});
