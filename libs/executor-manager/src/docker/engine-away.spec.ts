import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startSshServer, type SshServer } from '../testing/ssh-server.ts';
import { DockerExecutorManager } from './docker-executor-manager.ts';

let host: SshServer;
let manager: DockerExecutorManager;
let said: string[];

beforeEach(async () => {
  said = [];
  host = await startSshServer();
  const file = path.join(host.folder, 'servers.yml');
  writeFileSync(
    file,
    `far: {mode: ssh, host: 127.0.0.1, ssh_port: ${host.port}, username: u, key_path: ${host.keyPath},
       executor_class: always_on.llm.a6000}
near: {mode: local, executor_class: always_on.test}`,
  );
  manager = new DockerExecutorManager({
    image: 'horde-test/never-started',
    file,
    defaultClass: 'always_on.test',
    localPorts: [{ port: 6000, publicPort: 6000 }],
    environment: {},
    autoRemove: true,
    owner: randomUUID(),
    knownHosts: { file: path.join(host.folder, 'known_hosts'), pin: true },
    publicAddress: async () => null,
    log: (sentence) => said.push(sentence),
  });
});
afterEach(async () => {
  await manager.close();
  host.close();
});

const start = () =>
  manager.start(
    {
      token: randomUUID(),
      jobUuid: randomUUID(),
      executorClass: 'always_on.llm.a6000',
      minerAddress: 'ws://127.0.0.1:1',
      startupTimeLimit: 5,
    },
    AbortSignal.timeout(20_000),
  );

it('a host that is in reach while its engine is not holds up nobody: it is not counted, and the others are', async () => {
  expect(await manager.manifest()).toEqual({ 'always_on.test': 1 });
  expect(host.logins).toBe(1);
  await expect(start()).rejects.toThrow(`The Docker engine of u@127.0.0.1:${host.port} does not answer.`);
});

it.each([
  ['answers', 'set AllowStreamLocalForwarding to yes in its sshd_config'],
  ['missing', 'There is no /var/run/docker.sock on u@127.0.0.1'],
  ['forbidden', 'add it to the group docker there'],
  ['unknown', 'If it runs there, set AllowStreamLocalForwarding'],
])(
  'why the engine of a host in reach cannot be used is told as the host sees it: %s',
  async (seen, words) => {
    host.prints = `${seen}\n`;
    expect(await manager.manifest()).toEqual({ 'always_on.test': 1 });
    await expect(start()).rejects.toThrow(words);
    await manager.manifest();
    expect(said.filter((sentence) => sentence.includes(words))).toHaveLength(1);
  },
);

it('what runs on the other machines is told when one cannot be asked', async () => {
  const trouble = `The Docker engine of u@127.0.0.1:${host.port} does not answer. What runs there is not known.`;
  await expect(manager.running()).rejects.toMatchObject({
    name: 'HostUnreachable',
    message: trouble,
    elsewhere: [],
  });
});

it('a host is counted when its engine has come back', async () => {
  expect(await manager.manifest()).toEqual({ 'always_on.test': 1 });
  host.engine = '/var/run/docker.sock';
  await expect
    .poll(() => manager.manifest(), { timeout: 15_000 })
    .toEqual({ 'always_on.test': 1, 'always_on.llm.a6000': 1 });
});
