import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bridgeGateway } from '@horde/executor-manager';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEngineMirror } from '../../tools/images/engine-mirror.ts';
import { writeBundle } from '../../tools/images/offline-bundle.ts';
import { pinnedCompose } from '../../tools/images/pinned-compose.ts';
import { writeWallet } from './operator.ts';
import { PackageRepositories } from './package-repository.ts';
import { Server } from './server.ts';
import { ensureStandIn } from './stand-in-image.ts';

/** Installs Docker on real servers: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const docker = new Docker();
const long = 600_000;

/** Writes a bundle with the stand-in of a runner. @returns the words of an install with it */
async function wordsWithBundle(server: Server, withEngine: boolean): Promise<string[]> {
  const file = path.join(server.folder, 'bundle');
  const runner = await ensureStandIn('miner');
  await writeBundle(docker, 'miner', { runner, file, withEngine, say: () => undefined });
  const hotkey = writeWallet(path.join(server.folder, 'wallets/mine'), 'default');
  return ['production', 'server', hotkey, '--offline', file];
}

describe.runIf(whole).each(['trixie', 'jammy', 'noble'] as const)('a fresh server of %s', (system) => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start(system, 'fresh');
  }, 900_000);
  afterAll(() => server?.remove());

  it(
    'gets Docker of its distribution, and works',
    async () => {
      const { code, stdout, stderr } = await server.install('miner', await wordsWithBundle(server, false));
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/^ {2}installing docker\.io /m);
      expect(stdout).toContain('Miner installed successfully');
    },
    long,
  );
});

describe.runIf(whole)('a server with neither Docker nor a network, and a bundle with Docker', () => {
  let server: Server;
  let words: string[];

  beforeAll(async () => {
    server = await Server.start('bookworm', 'fresh');
    words = await wordsWithBundle(server, true);
    await server.cutFromNetwork();
  }, 900_000);
  afterAll(() => server?.remove());

  it('is refused where the bundle is for another system', async () => {
    await server.run('sed -i \'s/VERSION_ID=.*/VERSION_ID="13"/\' /etc/os-release');
    const { code, stderr } = await server.install('miner', words);
    await server.run('sed -i \'s/VERSION_ID=.*/VERSION_ID="12"/\' /etc/os-release');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('The bundle has Docker for debian-12; this is debian-13.'),
    ]);
  });

  it(
    'is installed over SSH alone, with packages that the distribution has signed',
    async () => {
      const before = await server.run('ls /var/lib/apt/lists /etc/apt/sources.list.d');
      const { code, stdout, stderr } = await server.install('miner', words);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('- install Docker of the bundle: docker.io iptables ca-certificates');
      expect(stdout).toContain('Miner installed successfully');
      expect(await server.run('docker ps --format "{{.Names}}"')).toContain('compute_horde_miner-app-1');
      expect(await server.run('ls /var/lib/apt/lists /etc/apt/sources.list.d')).toBe(before);
      expect(await server.run('ls /var/tmp')).toBe('');
    },
    long,
  );
});

describe.runIf(whole && existsSync('/usr/bin/gpg'))(
  "a server whose distribution has too old a Docker, and Docker's own repository",
  () => {
    let server: Server;
    let words: string[];
    let repositories: PackageRepositories;
    let script: string;

    /** Packages of Docker's names, of what the distribution's have in them. */
    function dockersOwn(): string[] {
      const mirror = path.join(repositories.folder, 'mirror');
      makeEngineMirror(mirror);
      const unpack = (name: string, into: string) =>
        execFileSync('dpkg-deb', [
          '-x',
          globSync(`pool/**/${name}_*.deb`, { cwd: mirror }).map((file) => path.join(mirror, file))[0]!,
          into,
        ]);
      const needs = execFileSync(
        'dpkg-deb',
        ['-f', path.join(mirror, globSync('pool/**/docker.io_*.deb', { cwd: mirror })[0]!), 'Depends'],
        { encoding: 'utf8' },
      );
      const others = needs
        .trim()
        .split(', ')
        .filter((one) => !/^(containerd|runc|docker)/.test(one));
      const packages = [
        repositories.pack(
          {
            Package: 'docker-ce',
            Version: '5:28.0.0-1',
            Depends: [...others, 'containerd.io', 'docker-ce-cli'].join(', '),
            Conflicts: 'docker.io',
          },
          (folder) => unpack('docker.io', folder),
        ),
        repositories.pack(
          { Package: 'containerd.io', Version: '1.7.0-1', Conflicts: 'containerd, runc' },
          (folder) => {
            unpack('containerd', folder);
            unpack('runc', folder);
          },
        ),
        repositories.pack({ Package: 'docker-ce-cli', Version: '5:28.0.0-1' }, () => undefined),
        repositories.pack({ Package: 'docker-compose-plugin', Version: '2.40.0-1' }, (folder) => {
          mkdirSync(path.join(folder, 'usr/libexec/docker/cli-plugins'), { recursive: true });
          cpSync(
            path.join(pinnedCompose().folder, 'docker-compose'),
            path.join(folder, 'usr/libexec/docker/cli-plugins/docker-compose'),
          );
        }),
      ];
      rmSync(mirror, { recursive: true });
      return packages;
    }

    /** The script, which knows a repository at another address. @param fingerprint of the key that it knows */
    function know(fingerprint?: string): void {
      const changed = script.replace(/^docker_key=.*$/m, (line) =>
        fingerprint ? `docker_key=${fingerprint}` : line,
      );
      writeFileSync(path.join(server.folder, 'install_miner.sh'), changed);
    }

    beforeAll(async () => {
      server = await Server.start('bookworm', 'fresh');
      words = await wordsWithBundle(server, false);
      repositories = await PackageRepositories.open();
      const address = repositories.address(await bridgeGateway(docker));
      repositories.publish('linux/debian', 'bookworm', 'stable', dockersOwn());
      const old = repositories.pack({ Package: 'docker.io', Version: '19.03.15-1' }, (folder) => {
        mkdirSync(path.join(folder, 'usr/bin'), { recursive: true });
        const answers =
          'case $1 in version) echo 19.03.15 ;; info) echo /var/lib/docker ;; ps) ;; *) exit 1 ;; esac';
        writeFileSync(path.join(folder, 'usr/bin/docker'), `#!/bin/sh\n${answers}\n`, { mode: 0o755 });
        writeFileSync(path.join(folder, 'usr/bin/dockerd'), '#!/bin/sh\n', { mode: 0o755 });
      });
      repositories.publish('old', 'bookworm', 'main', [old]);
      await server.run(
        `echo 'deb [trusted=yes] ${address}/old bookworm main' >/etc/apt/sources.list.d/old.list; printf 'Package: docker.io\\nPin: version 19.03*\\nPin-Priority: 1001\\n' >/etc/apt/preferences.d/old`,
      );
      script = readFileSync(path.join(root, 'install_miner.sh'), 'utf8').replace(
        /^docker_repository=.*$/m,
        `docker_repository=${address}`,
      );
      server.scripts = server.folder;
    }, 900_000);
    afterAll(async () => {
      await server?.remove();
      await repositories?.close();
    });

    const installed = () =>
      server.run(
        "dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'docker*' 'containerd*' 2>/dev/null | grep ii || true",
      );

    it(
      'whose key is not the one that is pinned is refused, and nothing of Docker is installed',
      async () => {
        know();
        const { code, stderr } = await server.install('miner', words);
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining(
            `It is ${repositories.fingerprint}, instead of 9DC858229FC7DD38854AE2D88D81803C0EBFCD88.`,
          ),
        ]);
        expect(await installed()).toBe('');
        expect(await server.run('ls /etc/apt/sources.list.d /etc/apt/keyrings')).not.toContain('docker');
      },
      long,
    );

    it(
      'that does not answer takes nothing away: the old Docker stays, and no repository that others would stumble over',
      async () => {
        await server.run('apt-get -qq install -y docker.io');
        know(repositories.fingerprint);
        for (const hidden of ['InRelease', 'docker-ce.deb']) {
          repositories.hidden = hidden;
          const { code, stderr } = await server.install('miner', words);
          expect([code, stderr]).toEqual([
            1,
            expect.stringMatching(/does not answer as it should|could not be fetched/),
          ]);
          expect(await installed()).toBe('docker.io ii \n');
          expect(await server.run('docker version')).toBe('19.03.15\n');
          if (hidden === 'InRelease')
            expect(await server.run('ls /etc/apt/sources.list.d')).toBe('old.list\n');
        }
        repositories.hidden = null;
      },
      long,
    );

    it(
      'takes the place of the old Docker where its key is the pinned one',
      async () => {
        const { code, stdout, stderr } = await server.install('miner', words);
        expect(code, stderr).toBe(0);
        expect(stderr).toMatch(/- replace Docker 19\.03\.15, which is older than 20\.10, by that of /);
        expect(stdout).toContain('Miner installed successfully');
        expect((await installed()).split('\n').map((line) => line.split(' ')[0])).toEqual([
          'containerd.io',
          'docker-ce',
          'docker-ce-cli',
          'docker-compose-plugin',
          '',
        ]);
      },
      long,
    );
  },
);
