import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBundle } from '../../tools/images/offline-bundle.ts';
import { commandLinesDuring } from './command-lines.ts';
import { writeWallet } from './operator.ts';
import { Server } from './server.ts';
import { ensureStandIn } from './stand-in-image.ts';

/** Real servers with their own engine: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const app = 'compute_horde_miner-app-1';
const long = 300_000;
let runner: string;

/** What a first install prints, on standard output alone. */
const block =
  /^={20,}\nMiner installed successfully\n {4}URL: (\S+)\n {4}Username: admin\n {4}Password: (\S+)\n/;
const passwordOf = (stdout: string) => block.exec(stdout)?.[2];

class Miner {
  readonly hotkey: string;
  readonly words: string[];

  constructor(
    readonly server: Server,
    destination = 'server',
  ) {
    this.hotkey = writeWallet(path.join(server.folder, 'wallets/mine'), 'default');
    this.words = ['production', destination, this.hotkey, '--unsigned', runner];
  }

  install(...more: string[]) {
    return this.server.install('miner', [...this.words, ...more]);
  }

  async settings(home = '/root'): Promise<Record<string, string>> {
    const text = await this.server.run(`cat ${home}/compute_horde_miner/.env`);
    return Object.fromEntries(
      [...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, key, value]) => [key!, value!]),
    );
  }

  /** All that a run might change, as it is now. */
  state(): Promise<string> {
    return this.server.run(
      'ls -lR --time-style=full-iso /root /home /etc /usr/local /var/lib/dpkg/status; docker ps -aq; docker volume ls -q; docker images -q',
    );
  }

  async clear(): Promise<void> {
    await this.server.install('miner', ['uninstall', 'server', '--with-data']);
    await this.server.run('rm -rf ~/.bittensor ~/compute_horde_miner /usr/local/lib/docker');
  }
}

beforeAll(async () => {
  if (whole) runner = await ensureStandIn('miner');
}, long);

describe.runIf(whole)('a server with Docker, and an operator who types install_miner.sh', () => {
  let server: Server;
  let miner: Miner;
  let password: string;

  beforeAll(async () => {
    server = await Server.start('bookworm', 'docker');
    await server.load('horde-test/miner-runner:latest');
    miner = new Miner(server);
  }, 900_000);
  afterAll(() => server?.remove());

  it(
    'changes nothing with --dry-run, and prints what it would do',
    async () => {
      const before = await miner.state();
      const { code, stdout, stderr } = await miner.install('--dry-run');
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^To install the miner on server:\n( {2}- .+\n)+Nothing was changed\.\n$/);
      expect(stderr).toMatch(/^ {2}ok {4}port 8000 from outside\n {2}ok {4}port 6000 from outside$/m);
      expect(await miner.state()).toBe(before);
    },
    long,
  );

  it(
    'tells which ports are closed from outside, before it changes anything, and listens at none afterwards',
    async () => {
      const rules = ['8000 -j DROP', '6000 -j REJECT --reject-with tcp-reset'];
      for (const rule of rules) await server.run(`iptables -I INPUT -p tcp --dport ${rule}`);
      const { code, stderr } = await miner.install('--dry-run');
      for (const rule of rules) await server.run(`iptables -D INPUT -p tcp --dport ${rule}`);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(`note  Port 8000 of ${server.address} does not answer from here`);
      expect(stderr).toContain(`note  Port 6000 of ${server.address} is closed from here`);
      expect(stderr).toContain('a firewall may be in between');
      for (const port of [8000, 6000])
        await expect(fetch(`http://${server.address}:${port}/`)).rejects.toThrow('fetch failed');
    },
    long,
  );

  describe('before the first change', () => {
    it.each([
      [
        'nobody knows the host',
        () => writeFileSync(path.join(server.folder, 'known_hosts'), ''),
        /verification failed/,
      ],
      [
        'the host has another key than it had',
        () => {
          const file = path.join(server.folder, 'known_hosts');
          const other = 'AAAAC3NzaC1lZDI1NTE5AAAAIJmwTBvc54TUZmGjW4dWa9gHVwL3NTzrWmCL3LyfNAGp';
          writeFileSync(file, `${server.address} ssh-ed25519 ${other}\n`);
        },
        /verification failed/,
      ],
    ])(
      'ends where %s, and does not accept the key',
      async (_, change, why) => {
        change();
        const file = path.join(server.folder, 'known_hosts');
        const [known, before] = [readFileSync(file, 'utf8'), await miner.state()];
        const { code, stdout, stderr } = await miner.install();
        const after = readFileSync(file, 'utf8');
        await server.know();
        expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(why)]);
        expect(after).toBe(known);
        expect(await miner.state()).toBe(before);
      },
      long,
    );

    it(
      'ends where sshd takes no key of the operator, whose own words are shown',
      async () => {
        const before = await miner.state();
        await server.run('mv /root/.ssh /root/.ssh-kept');
        const { code, stdout, stderr } = await miner.install();
        await server.run('mv /root/.ssh-kept /root/.ssh');
        expect([code, stdout, stderr]).toEqual([
          1,
          '',
          expect.stringMatching(/Permission denied \(publickey/),
        ]);
        expect(stderr).toContain('server cannot be reached by ssh, or does not let you in');
        expect(await miner.state()).toBe(before);
      },
      long,
    );

    it.each([
      [
        'the port is taken',
        'root',
        'mkdir -p /run/taken && cd /run/taken && (setsid /usr/sbin/sshd -D -p 8000 -o PidFile=/run/taken/pid </dev/null >/dev/null 2>&1 &) && until : >/dev/tcp/127.0.0.1/8000; do sleep 0.1; done 2>/dev/null',
        'kill $(cat /run/taken/pid)',
        'Port 8000 is taken',
      ],
      ['the user may not become root', 'guest', 'true', 'true', 'may not use sudo without a password'],
      [
        'the disk is full',
        'keeper',
        'mount -t tmpfs -o size=50m,mode=755 tmpfs /home/keeper && mkdir -m 700 /home/keeper/.ssh && cp /root/.ssh/authorized_keys /home/keeper/.ssh && chown -R keeper: /home/keeper',
        'umount -l /home/keeper',
        'The disk of /home/keeper has',
      ],
      [
        'the engine’s disk is full',
        'root',
        'mount -t tmpfs -o size=50m tmpfs /var/lib/docker',
        'umount -l /var/lib/docker',
        'The disk of /var/lib/docker has',
      ],
      [
        'another hotkey is there',
        'root',
        'mkdir -p ~/.bittensor/wallets/mine/hotkeys && echo other >~/.bittensor/wallets/mine/hotkeys/default',
        'rm -r ~/.bittensor',
        'Another hotkey is on the server',
      ],
      [
        'the image is not there',
        'root',
        'docker save horde-test/miner-runner:latest -o /var/kept.tar && docker rmi -f $(docker images -q)',
        'docker load -q -i /var/kept.tar && rm /var/kept.tar',
        'is not on the server',
      ],
    ])(
      'ends where %s, and says so',
      async (_, user, change, back, why) => {
        await server.run(change);
        const before = await miner.state();
        const destination = user === 'root' ? 'server' : `${user}-server`;
        const { code, stdout, stderr } = await new Miner(server, destination).install();
        const after = await miner.state();
        await server.run(back);
        expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(why)]);
        expect(stderr).toContain('Nothing was changed');
        expect(after).toBe(before);
      },
      long,
    );
  });

  it(
    'installs, and prints the password once, on standard output alone; no secret is anywhere else',
    async () => {
      const [{ code, stdout, stderr }, commandLines] = await commandLinesDuring(() => miner.install());
      expect(code, stderr).toBe(0);
      const settings = await miner.settings();
      password = settings['DEFAULT_ADMIN_PASSWORD']!;
      expect(stdout).toMatch(block);
      expect(stdout).toContain(`URL: http://${server.address}:8000/admin/login/`);
      expect(passwordOf(stdout)).toBe(password);
      const secrets = ['SECRET_KEY', 'POSTGRES_PASSWORD', 'DEFAULT_ADMIN_PASSWORD'].map(
        (key) => settings[key]!,
      );
      for (const secret of [...secrets, '0x5eed']) {
        expect(stderr).not.toContain(secret);
        expect(commandLines).not.toContain(secret);
        // While a program is started in a container, the engine itself has that one's variables in a file of this name.
        const files = await server.run(
          `grep -rlF -D skip --exclude='runc-process*' --exclude-dir=dev --exclude-dir=proc --exclude-dir=sys --exclude-dir=docker -- '${secret}' / 2>/dev/null || true`,
        );
        const place =
          secret === '0x5eed' ? '.bittensor/wallets/mine/hotkeys/default' : 'compute_horde_miner/.env';
        expect(files.trim()).toBe(`/root/${place}`);
        expect((await server.run(`stat -c %a /root/${place}`)).trim()).toBe('600');
      }
      for (const secret of secrets.slice(0, 2)) expect(stdout).not.toContain(secret);
    },
    long,
  );

  it(
    'keeps secrets, own lines, containers and the database in a second run, and says `unchanged`',
    async () => {
      await server.run(
        'echo "OWN_KEY=own # mine" >>~/compute_horde_miner/.env && docker exec compute_horde_miner-app-1 touch /data/job',
      );
      await server.run('cp ~/compute_horde_miner/.env /root/env-before');
      // The runner reads the settings anew, since they are newer than it.
      expect((await miner.install()).code).toBe(0);
      const ids = await server.run('docker ps -q --no-trunc');
      const { code, stdout, stderr } = await miner.install();
      expect(code, stderr).toBe(0);
      expect(passwordOf(stdout)).toBe('unchanged');
      expect(stdout).toContain(`docker exec -it ${app} miner change_admin_password admin`);
      await server.run('cmp ~/compute_horde_miner/.env /root/env-before && rm /root/env-before');
      expect(await server.run('docker ps -q --no-trunc')).toBe(ids);
      await server.run(`docker exec ${app} test -e /data/job`);
      expect(stderr).not.toMatch(/^ {2}(changed|added)/m);
    },
    long,
  );

  it(
    'changes what is asked for, and has the running miner take it up',
    async () => {
      const { code, stdout, stderr } = await miner.install('8123', 'always_on.test');
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(
        'changed  .env: BITTENSOR_MINER_PORT DEFAULT_EXECUTOR_CLASS PORT_FOR_EXECUTORS',
      );
      expect(stdout).toContain(`:8123/admin/login/`);
      expect((await fetch(`http://${server.address}:8123/admin/login/`)).status).toBe(200);
    },
    long,
  );

  it(
    'is closed after a failing self-test, shows no password, and the next run shows it',
    async () => {
      await miner.clear();
      await server.run(
        'docker volume create --label com.docker.compose.project=compute_horde_miner compute_horde_miner_db && docker run --rm -v compute_horde_miner_db:/data horde-test/miner-runner:latest touch /data/fails',
      );
      const failed = await miner.install();
      expect([failed.code, failed.stdout]).toEqual([1, '']);
      expect(failed.stderr).toContain('the test job failed');
      expect(failed.stderr).toContain('self-test fails');
      await server.run(`docker exec ${app} rm /data/fails`);
      const { code, stdout } = await miner.install();
      expect([code, passwordOf(stdout)]).toEqual([0, (await miner.settings())['DEFAULT_ADMIN_PASSWORD']]);
      expect(passwordOf(stdout)).not.toBe(password);
    },
    long,
  );

  it(
    'is uninstalled without its wallet, settings and database, and goes on with them; with data but the wallet and the backups',
    async () => {
      const before = await miner.settings();
      expect((await server.install('miner', ['uninstall', 'server', '--dry-run'])).code).toBe(0);
      expect(await server.run('docker ps -q')).not.toBe('');
      expect((await server.install('miner', ['uninstall', 'server'])).code).toBe(0);
      expect(await server.run('docker ps -aq')).toBe('');
      const { code, stdout } = await miner.install();
      expect([code, passwordOf(stdout)]).toEqual([0, 'unchanged']);
      expect(await miner.settings()).toEqual(before);
      const backups = 'compute_horde_miner_backups';
      await server.run(
        `mkdir ~/compute_horde_miner/backups && docker volume create --label com.docker.compose.project=compute_horde_miner ${backups}`,
      );
      expect((await server.install('miner', ['uninstall', 'server', '--with-data'])).code).toBe(0);
      expect(await server.run('docker ps -aq; docker volume ls -q; ls -A ~/compute_horde_miner')).toBe(
        `${backups}\nbackups\n`,
      );
      await server.run(`docker volume rm ${backups}`);
      expect(await server.run('ls ~/.bittensor/wallets/mine/hotkeys')).toBe('default\n');
    },
    long,
  );

  it('comes to its end after it was killed at each of its steps, with what it had made', async () => {
    await miner.clear();
    for (const mark of ['Looking at', 'Docker…', 'Images…', 'Files…', 'Start…', 'is ready', 'Self-test…']) {
      await server.killed('miner', miner.words, mark);
      const secrets = await server.run('cat ~/compute_horde_miner/.env 2>/dev/null || true');
      const { code, stdout, stderr } = await miner.install();
      expect(code, `${mark}: ${stderr}`).toBe(0);
      const settings = await miner.settings();
      expect(passwordOf(stdout), mark).toBe(settings['DEFAULT_ADMIN_PASSWORD']);
      if (secrets !== '') expect(secrets).toContain(settings['SECRET_KEY']);
      expect((await server.run('ls -A ~/compute_horde_miner')).trim().split(/\s+/)).toEqual([
        '.env',
        'docker-compose.yml',
      ]);
      await miner.clear();
    }
  }, 900_000);

  it(
    'works for a user with sudo as for root',
    async () => {
      const operator = new Miner(server, 'keeper-server');
      const { code, stdout, stderr } = await operator.install();
      expect(code, stderr).toBe(0);
      const settings = await operator.settings('/home/keeper');
      expect(passwordOf(stdout)).toBe(settings['DEFAULT_ADMIN_PASSWORD']);
      expect(settings['HOST_WALLET_DIR']).toBe('/home/keeper/.bittensor/wallets');
      expect((await server.run('stat -c "%a %U" /home/keeper/compute_horde_miner/.env')).trim()).toBe(
        '600 keeper',
      );
      expect((await server.install('miner', ['uninstall', 'keeper-server', '--with-data'])).code).toBe(0);
    },
    long,
  );
});

describe.runIf(whole)('a fresh server, without Docker', () => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start('bookworm', 'fresh');
  }, 900_000);
  afterAll(() => server?.remove());

  it('gets the distribution’s Docker, and from a bundle Compose and the images, whatever was killed in between', async () => {
    const bundle = path.join(server.folder, 'bundle');
    await writeBundle(new Docker(), 'miner', { runner, file: bundle, say: () => undefined });
    const miner = new Miner(server);
    const words = ['production', 'server', miner.hotkey, '--offline', bundle];
    await server.killed('miner', words, 'installing docker.io');
    await server.killed('miner', words, 'Images…');
    const { code, stdout, stderr } = await server.install('miner', words);
    expect(code, stderr).toBe(0);
    expect(passwordOf(stdout)).toBe((await miner.settings())['DEFAULT_ADMIN_PASSWORD']);
    // What a container there reaches it at: the bridge of this engine has another address than most have.
    const routes = await server.run(`docker run --rm ${runner} ip route`);
    expect(routes).toContain(`default via ${(await miner.settings())['ADDRESS_FOR_EXECUTORS']} `);
  }, 900_000);
});
