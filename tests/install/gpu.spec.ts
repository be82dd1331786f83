import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bridgeGateway } from '@horde/executor-manager';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWallet } from './operator.ts';
import { PackageRepositories } from './package-repository.ts';
import { Server } from './server.ts';
import { ensureStandIn } from './stand-in-image.ts';

/** A real server, whose GPU, driver and toolkit stand in for real ones: it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const long = 300_000;
const smi =
  '[ -e /run/rebooted ] || { echo Failed to initialize NVML >&2; exit 9; }\necho "GPU 0: NVIDIA A100 (UUID: GPU-1)"';
const ctk = (version: string) => `case $1 in
  --version) echo 'NVIDIA Container Toolkit CLI version ${version}' ;;
  runtime)
    mkdir -p /etc/docker
    echo '{ "runtimes": { "nvidia": { "path": "nvidia-container-runtime" } } }' >/etc/docker/daemon.json
    ;;
esac`;
/** What the server has of its own: a GPU, a kernel with a name that packages have, and something that restarts Docker. */
const programs = {
  lspci: "echo '01:00.0 0302: 10de:20b0 (rev a1)'",
  uname: '[ "$1" = -r ] && echo 6.1.0-99-amd64 || exec /bin/uname "$@"',
  systemctl: `[ "$*" = 'restart docker' ] || exit 1
pid=$(cat /var/run/docker.pid)
kill $pid
while [ -e /proc/$pid ]; do sleep 0.1; done
rm -f /var/run/docker.pid
setsid dockerd </dev/null >>/var/log/docker.log 2>&1 &
for i in $(seq 300); do docker version >/dev/null 2>&1 && exit; sleep 0.2; done
tail /var/log/docker.log >&2
exit 1`,
};

describe.runIf(whole && existsSync('/usr/bin/gpg'))('a server with a GPU that does not work', () => {
  let server: Server;
  let words: string[];
  let repositories: PackageRepositories;
  let script: string;

  beforeAll(async () => {
    const runner = await ensureStandIn('miner');
    server = await Server.start('bookworm', 'docker');
    await server.load('horde-test/miner-runner:latest');
    for (const [name, text] of Object.entries(programs)) {
      const file = `/usr/local/bin/${name}`;
      const encoded = Buffer.from(`#!/bin/sh\n${text}\n`).toString('base64');
      await server.run(`echo ${encoded} | base64 -d >${file} && chmod 755 ${file}`);
    }
    const hotkey = writeWallet(path.join(server.folder, 'wallets/mine'), 'default');
    words = ['production', 'server', hotkey, '--unsigned', runner];
    repositories = await PackageRepositories.open();
    const address = repositories.address(await bridgeGateway(new Docker()));
    const withPrograms = (Package: string, Version: string, files: Record<string, string>) =>
      repositories.pack({ Package, Version }, (folder) => {
        mkdirSync(path.join(folder, 'usr/bin'), { recursive: true });
        for (const [name, text] of Object.entries(files))
          writeFileSync(path.join(folder, 'usr/bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      });
    const place = 'compute/cuda/repos/debian12/x86_64';
    repositories.publishFlat(place, `${place}/3bf863cc.pub`, [
      withPrograms('cuda-drivers', '570.86-1', { 'nvidia-smi': smi }),
      withPrograms('linux-headers-6.1.0-99-amd64', '6.1.0-1', {}),
    ]);
    repositories.publishFlat('libnvidia-container/stable/deb/amd64', 'libnvidia-container/gpgkey', [
      withPrograms('nvidia-container-toolkit', '1.18.0-1', {
        'nvidia-ctk': ctk('1.18.0'),
        'nvidia-container-runtime': 'exec runc "$@"',
      }),
    ]);
    script = readFileSync(path.join(root, 'install_miner.sh'), 'utf8')
      .replace('https://developer.download.nvidia.com', address)
      .replace('https://nvidia.github.io', address);
    server.scripts = server.folder;
  }, 900_000);
  afterAll(async () => {
    await server?.remove();
    await repositories?.close();
  });

  const install = (text: string) => {
    writeFileSync(path.join(server.folder, 'install_miner.sh'), text);
    return server.install('miner', words);
  };
  const known = () =>
    script.replaceAll(
      /(\$address\/(?:3bf863cc\.pub|gpgkey)") [0-9A-F]{40}/g,
      `$1 ${repositories.fingerprint}`,
    );

  it(
    'gets nothing from a repository whose key is not the one that is pinned',
    async () => {
      const { code, stderr } = await install(script);
      expect(code).toBe(1);
      expect(stderr).toContain(
        `It is ${repositories.fingerprint}, instead of EB693B3035CD5710E231E123A4B469963BF863CC.`,
      );
      expect(
        await server.run('ls /etc/apt/sources.list.d /etc/apt/keyrings; command -v nvidia-smi || true'),
      ).not.toContain('nvidia');
    },
    long,
  );

  it(
    "gets NVIDIA's driver and toolkit, and a word that it works after a reboot",
    async () => {
      const { code, stdout, stderr } = await install(known());
      expect([code, stdout], stderr).toEqual([1, '']);
      expect(stderr).toContain(
        "- install NVIDIA's driver: cuda-drivers, from developer.download.nvidia.com; a reboot may be due then",
      );
      expect(stderr).toContain(
        'The driver is installed; it works after a reboot of the server.\nReboot it, and type the same line again.',
      );
      expect(await server.run('docker info --format "{{json .Runtimes}}"')).toContain('"nvidia"');
      expect(await server.run('docker ps -aq')).toBe('');
    },
    long,
  );

  it(
    'is installed after that, and the GPU is left alone',
    async () => {
      await server.run('touch /run/rebooted');
      const { code, stdout, stderr } = await install(known());
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('GPU: GPU 0: NVIDIA A100, whose driver is left alone');
      expect(stdout).toContain('Miner installed successfully');
    },
    long,
  );
});
