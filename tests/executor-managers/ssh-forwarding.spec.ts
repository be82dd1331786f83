import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DockerExecutorManager } from '@horde/executor-manager';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { never, request, token } from '../../libs/executor-manager/src/testing/conformance.ts';
import { serversFile } from './servers-file.ts';
import { SshHost } from './ssh-host.ts';

let host: SshHost;
beforeAll(async () => void (host = await SshHost.start()), 300_000);
afterAll(() => host?.remove());

it('a host whose sshd forwards no sockets is told by the setting that does it', async () => {
  await host.restartSshd('-o AllowStreamLocalForwarding=no');
  const folder = mkdtempSync(path.join(tmpdir(), 'ssh-forwarding-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const server = {
    mode: 'ssh',
    executor_class: 'always_on.test',
    host: host.address,
    username: 'root',
    key_path: host.keyPath,
  };
  const said: string[] = [];
  const manager = new DockerExecutorManager({
    image: 'horde-test/never-started',
    file: serversFile(folder, JSON.stringify({ first: server })),
    defaultClass: 'always_on.test',
    localPorts: [],
    environment: {},
    autoRemove: true,
    owner: folder,
    knownHosts: { file: path.join(folder, 'known_hosts'), pin: true },
    publicAddress: async () => null,
    log: (sentence) => said.push(sentence),
  });
  onTestFinished(() => manager.close());
  expect(await manager.manifest()).toEqual({});
  await expect(manager.start(request(token('polite')), never())).rejects.toThrow(
    'set AllowStreamLocalForwarding to yes in its sshd_config',
  );
  expect(said.join()).toContain('AllowStreamLocalForwarding');
  await host.restartSshd();
  await expect.poll(() => manager.manifest(), { timeout: 60_000 }).toEqual({ 'always_on.test': 1 });
}, 120_000);
