import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWallet } from './operator.ts';
import { Server } from './server.ts';

/** A real server, which says of itself what others would: it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

interface Machine {
  system?: [id: string, version: string, codename: string];
  /** As uname says it. */
  processor?: string;
  /** An NVIDIA GPU, with what works of it. */
  gpu?: 'nothing' | 'driver' | 'driver and old toolkit' | 'driver and toolkit';
}

const files = [
  'write /root/compute_horde_miner/.env, with new secrets, and docker-compose.yml',
  'put the hotkey and coldkeypub.txt below /root/.bittensor/wallets/mine',
  'start it, wait until it is ready, and test it',
];
// A registry is only reached here, not asked: sshd will do.
const image = 'localhost:22/horde/miner-runner@sha256:' + 'a'.repeat(64);
const pull = `pull the runner image ${image}`;
const tooOld = 'of download.docker.com, should that be older than 20.10';
const ubuntuEngine = [
  `install Docker of the distribution: docker.io iptables ca-certificates; ${tooOld}`,
  'install Docker Compose of the distribution, docker-compose-v2; 2.26.1-4, should that be older than 2.20',
];
const debian12Engine = [
  `install Docker of the distribution: docker.io iptables ca-certificates; ${tooOld}`,
  'put Docker Compose 2.26.1-4 into /usr/local/lib/docker/cli-plugins',
];
const driver =
  "install NVIDIA's driver: cuda-drivers, from developer.download.nvidia.com; a reboot may be due then";
const toolkit =
  "install NVIDIA's container toolkit, 1.17.8 or newer, from nvidia.github.io, and register it with Docker";

describe.runIf(whole)('the plan that --dry-run prints', () => {
  let server: Server;
  let words: string[];

  beforeAll(async () => {
    server = await Server.start('bookworm', 'fresh');
    const hotkey = writeWallet(path.join(server.folder, 'wallets/mine'), 'default');
    words = ['production', 'server', hotkey, '--unsigned', image, '--dry-run'];
  }, 900_000);
  afterAll(() => server?.remove());

  async function become({ system, processor, gpu }: Machine): Promise<void> {
    const programs: Record<string, string> = {
      ...(processor && { uname: `echo ${processor}` }),
      ...(gpu && { lspci: "echo '01:00.0 0302: 10de:20b0 (rev a1)'" }),
      ...(gpu === 'nothing' && { 'nvidia-smi': 'echo Failed to initialize NVML >&2; exit 9' }),
      ...(gpu?.startsWith('driver') && { 'nvidia-smi': "echo 'GPU 0: NVIDIA A100 (UUID: GPU-1)'" }),
      ...(gpu?.endsWith('toolkit') && {
        'nvidia-container-runtime': 'true',
        'nvidia-ctk': `echo NVIDIA Container Toolkit CLI version ${gpu.includes('old') ? '1.17.7' : '1.18.0'}`,
      }),
    };
    const lines = Object.entries(programs).map(
      ([name, text]) =>
        `printf '#!/bin/sh\\n%s\\n' ${JSON.stringify(text)} >/usr/local/bin/${name} && chmod 755 /usr/local/bin/${name}`,
    );
    const [id, version, codename] = system ?? ['debian', '12', 'bookworm'];
    await server.run(
      // Stand-ins come first on the path.
      [
        'rm -f /usr/local/bin/*',
        `printf 'PRETTY_NAME="${id} ${version}"\\nID=${id}\\nVERSION_ID="${version}"\\nVERSION_CODENAME=${codename}\\n' >/etc/os-release`,
        ...lines,
      ].join('; '),
    );
  }

  it.each<[string, Machine, string[]]>([
    ['Debian 12', {}, [...debian12Engine, pull, ...files]],
    [
      'Debian 13',
      { system: ['debian', '13', 'trixie'] },
      [
        `install Docker of the distribution: docker.io docker-cli iptables ca-certificates; ${tooOld}`,
        'install Docker Compose of the distribution, docker-compose; 2.26.1-4, should that be older than 2.20',
        pull,
        ...files,
      ],
    ],
    ['Ubuntu 22.04', { system: ['ubuntu', '22.04', 'jammy'] }, [...ubuntuEngine, pull, ...files]],
    ['Ubuntu 24.04', { system: ['ubuntu', '24.04', 'noble'] }, [...ubuntuEngine, pull, ...files]],
    [
      'Ubuntu 24.04 on arm64',
      { system: ['ubuntu', '24.04', 'noble'], processor: 'aarch64' },
      [...ubuntuEngine, pull, ...files],
    ],
    [
      'a GPU without a driver',
      { system: ['ubuntu', '22.04', 'jammy'], gpu: 'nothing' },
      [...ubuntuEngine, driver, toolkit, pull, ...files],
    ],
    ['a GPU whose driver works', { gpu: 'driver' }, [...debian12Engine, toolkit, pull, ...files]],
    [
      'a GPU with an old toolkit',
      { gpu: 'driver and old toolkit' },
      [...debian12Engine, toolkit, pull, ...files],
    ],
    ['a GPU that works in containers', { gpu: 'driver and toolkit' }, [...debian12Engine, pull, ...files]],
  ])('is right for %s', async (_, machine, plan) => {
    await become(machine);
    const { code, stdout, stderr } = await server.install('miner', words);
    expect(code, stderr).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'To install the miner on server:',
      ...plan.map((line) => `  - ${line}`),
      'Nothing was changed.',
      '',
    ]);
  });

  it.each<[string, Machine, string]>([
    [
      'a system that it does not know',
      { system: ['fedora', '42', ''] },
      'There is no Docker, and this script does not install it on fedora 42.',
    ],
    [
      'an older Ubuntu',
      { system: ['ubuntu', '20.04', 'focal'] },
      'There is no Docker, and this script does not install it on ubuntu 20.04.',
    ],
    [
      'a processor without images',
      { processor: 'riscv64' },
      'The images are made for amd64 and arm64; this is riscv64.',
    ],
    [
      'a GPU that does not work on arm64',
      { processor: 'aarch64', gpu: 'nothing' },
      'This script installs them on Debian and Ubuntu of x86_64, with a network',
    ],
  ])('is a sentence for %s', async (_, machine, why) => {
    await become(machine);
    const { code, stdout, stderr } = await server.install('miner', words);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`WRONG ${why}`.replace(/^WRONG (?=This script)/, ''));
    expect(stderr).toContain('Nothing was changed');
  });
});
