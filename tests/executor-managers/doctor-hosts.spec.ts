import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MinerSettings } from '../../apps/miner/src/settings.ts';
import { foundOnHosts } from '../../apps/miner/src/testing/found-on-hosts.ts';
import { serversFile } from './servers-file.ts';
import { SshHost } from './ssh-host.ts';

let host: SshHost;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'doctor-hosts-'));
  host = await SshHost.start();
}, 300_000);
afterAll(async () => {
  await host?.remove();
  rmSync(folder, { recursive: true });
});

const server = (name: string, address: string, executorClass: string) =>
  `${name}: { mode: ssh, executor_class: ${executorClass}, host: ${address}, username: root, key_path: ${host.keyPath} }\n`;

/** What is found on the hosts of these servers, each in one line, by its check. */
async function found(...servers: string[]) {
  const settings = Object.assign(new MinerSettings(), {
    executorManager: 'docker',
    dockerExecutorsFile: serversFile(folder, servers.join('')),
  });
  const findings = await foundOnHosts(settings);
  return Object.fromEntries(
    findings.map(({ check, verdict, says, fix }) => [check, `${verdict} ${says} -> ${fix}`]),
  );
}

it('the doctor looks at each host over SSH, and says the line to change there', async () => {
  await host.run(`mkdir -p /etc/docker /etc/nvidia-container-runtime
    echo '{"exec-opts": [}' > /etc/docker/daemon.json
    printf '[nvidia-container-cli]\\n#a comment\\nno-cgroups = true\\n' > /etc/nvidia-container-runtime/config.toml`);
  const checks = await found(
    server('rack-1', host.address, 'always_on.gpu-24gb'),
    server('rack-1-small', host.address, 'always_on.test'),
    server('away', '127.0.0.254', 'always_on.test'), // told by the check of the executors
  );
  const names = 'rack-1, rack-1-small';
  expect(Object.keys(checks)).toEqual(
    [
      'nvidia runtime',
      'daemon.json',
      'cgroup driver',
      'no-cgroups',
      'hugepages',
      'sysbox',
      'machine',
      'disk',
    ].map((check) => `${check}: ${names}`),
  );
  expect(checks[`daemon.json: ${names}`]).toMatch(
    /^FAIL \/etc\/docker\/daemon\.json is no JSON: .* -> There: Mend it, /,
  );
  expect(checks[`no-cgroups: ${names}`]).toMatch(
    /^FAIL Line 3 of \/etc\/nvidia-container-runtime\/config\.toml is no-cgroups = true: .* -> There: In .*: no-cgroups = false$/,
  );
  expect(checks[`nvidia runtime: ${names}`]).toMatch(
    /^FAIL The engine has no runtime nvidia .* -> There: Install /,
  );
  expect(checks[`disk: ${names}`]).toMatch(/ GB are free at \/var\/lib\/docker\. -> /);
  expect(checks[`machine: ${names}`]).toMatch(/^(OK|WARN) \d+ cores, \d+ GB of memory/);
});

it('the doctor sees the toolkit and the GPUs of a host by its own programs', async () => {
  await host.run(`rm -f /etc/docker/daemon.json /etc/nvidia-container-runtime/config.toml; cd /usr/bin
    printf '#!/bin/sh\\necho NVIDIA Container Runtime Hook version 1.16.2\\n' > nvidia-container-toolkit
    printf '#!/bin/sh\\necho "GPU 0: NVIDIA RTX A6000 (UUID: GPU-1)"\\n' > nvidia-smi
    printf '#!/bin/sh\\nexec runc "$@"\\n' > nvidia-container-runtime
    chmod +x nvidia-*
    echo '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}' > /etc/docker/daemon.json`);
  await host.stopEngine();
  await host.startEngine();
  const gpu = server('gpu', host.address, 'always_on.gpu-24gb');
  expect((await found(gpu))['nvidia runtime: gpu']).toMatch(
    /^FAIL .*toolkit 1\.16\.2 .* -> There: Run: apt-get install --only-upgrade nvidia-container-toolkit /,
  );
  await host.run('sed -i s/1.16.2/1.17.8/ /usr/bin/nvidia-container-toolkit');
  expect((await found(gpu))['nvidia runtime: gpu']).toMatch(/^OK It has GPUs, by a toolkit that is /);
  await host.run('rm /usr/bin/nvidia-smi');
  expect((await found(gpu))['nvidia runtime: gpu']).toMatch(
    /^FAIL nvidia-smi failed .* -> There: Install the driver /,
  );
  expect((await found(gpu))['daemon.json: gpu']).toBe('OK It can be read. -> null');
});
