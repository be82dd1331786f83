import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@horde/testing/free-port';
import { expect, it, onTestFinished } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { checkExecutors } from './executors.ts';
import { checkExecutorsAddress } from './executors-address.ts';
import { executorPlaces } from './servers.ts';

const settingsOf = (changes: Partial<MinerSettings>) =>
  Object.assign(
    new MinerSettings(),
    { executorClass: 'always_on.test', dockerExecutorsFile: '__default__' },
    changes,
  );

/** What is found of the executors that these settings ask for. */
async function found(changes: Partial<MinerSettings>) {
  const settings = settingsOf(changes);
  const findings = await checkExecutors(settings, {}, await executorPlaces(settings));
  return findings.map(({ verdict, says, fix }) => `${verdict} ${says} -> ${fix}`).join('\n');
}

it('the doctor sees that all machines of executors answer, and that processes need none', async () => {
  expect(await found({ executorManager: 'docker' })).toBe(
    'OK 1 of always_on.test: all machines answer. -> null',
  );
  expect(await found({ executorManager: 'process', processExecutors: 3 })).toBe(
    'OK 3 of always_on.test, as processes of this machine. -> null',
  );
});

it('the doctor sees a manager of ComputeHorde’s that there is none of ours for', async () => {
  const executorManager = 'compute_horde_miner.miner.executor_manager.v1:CloudExecutorManager';
  expect(await found({ executorManager })).toMatch(
    /^FAIL EXECUTOR_MANAGER_CLASS_PATH is .*: of ComputeHorde's managers this miner has .* -> Set EXECUTOR_MANAGER_CLASS_PATH /,
  );
});

it('the doctor sees a manager of the operator’s own, and one that is yet to be set up', async () => {
  const vendorDirectory = mkdtempSync(path.join(tmpdir(), 'horde-doctor-vendor-'));
  onTestFinished(() => rmSync(vendorDirectory, { recursive: true }));
  writeFileSync(path.join(vendorDirectory, 'mine.mjs'), 'export class Manager {}\n');
  expect(await found({ executorManager: 'mine:Manager', vendorDirectory })).toMatch(
    /^OK mine:Manager is there, and starts them: /,
  );
  writeFileSync(path.join(vendorDirectory, 'setup.sh'), '');
  expect(await found({ executorManager: 'other:Manager', vendorDirectory })).toMatch(
    /^WARN EXECUTOR_MANAGER_CLASS_PATH is "other:Manager"\. .* -> Run \S+\/setup\.sh, as the miner does when it starts\.$/,
  );
});

it('the doctor does not take a port for executors for open that nobody listens on yet', async () => {
  const look = async (changes: Partial<MinerSettings>, environment: Record<string, string> = {}) => {
    const settings = settingsOf({ executorManager: 'docker', addressForExecutors: '127.0.0.1', ...changes });
    const { verdict, says, fix } = await checkExecutorsAddress(settings, environment);
    return `${verdict} ${says} -> ${fix}`;
  };
  expect(await look({ port: 0 })).toMatch(/^OK Not looked at: /);
  const [port, portForExecutors] = [await freePort(), await freePort()];
  expect(await look({ port, portForExecutors })).toMatch(
    new RegExp(
      `^WARN Containers do not reach the miner at 127\\.0\\.0\\.1:${portForExecutors}: .* The miner has to run for this\\.$`,
    ),
  );
  expect(await look({ port }, { DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toMatch(
    /^WARN It could not be looked at: .*ENOENT.* -> Set ADDRESS_FOR_EXECUTORS /,
  );
});
