import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { generateSshKey } from '@horde/testing/ssh-key';
import { root, type Finished } from '@horde/testing/horde';
import Docker from 'dockerode';
import { ensureServerImage, type Kind, type System } from './server-image.ts';

const docker = new Docker();

/** A fresh server, and the operator's own machine with the ssh that reaches it as `server`. */
export class Server {
  private constructor(
    private readonly container: Docker.Container,
    readonly address: string,
    /** The operator's: ssh's files, and programs that come first on the path. */
    readonly folder: string,
  ) {}

  static async start(system: System, kind: Kind): Promise<Server> {
    const container = await docker.createContainer({
      name: `horde-test-server-${randomBytes(4).toString('hex')}`,
      Image: await ensureServerImage(system, kind),
      Cmd: ['sleep', '7200'], // ends by itself where a test run is killed
      Labels: { 'horde.test': 'server' },
      Volumes: { '/var/lib/docker': {} },
      HostConfig: {
        Init: true,
        AutoRemove: true,
        Binds: ['/sys/fs/cgroup:/sys/fs/cgroup'],
        CapAdd: ['ALL'],
        CapDrop: ['SYS_RESOURCE'],
        // What Docker's client calls systempaths=unconfined.
        MaskedPaths: [],
        ReadonlyPaths: [],
        SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
        DeviceCgroupRules: ['a *:* rwm'],
      } as Docker.HostConfig,
    });
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const address = NetworkSettings.Networks['bridge']!.IPAddress;
    const server = new Server(container, address, mkdtempSync(path.join(tmpdir(), 'horde-operator-')));
    try {
      await server.letIn();
      if (kind === 'docker') await server.startEngine();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  private async letIn(): Promise<void> {
    const { private: privateKey, public: publicKey } = generateSshKey();
    writeFileSync(path.join(this.folder, 'key'), privateKey, { mode: 0o600 });
    await this.run(
      [
        'set -e; for user in keeper guest; do useradd -m -s /bin/bash $user; done',
        'echo "keeper ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/keeper',
        'for home in /root /home/keeper /home/guest; do',
        `  mkdir -m 700 $home/.ssh && echo '${publicKey}' >$home/.ssh/authorized_keys; done`,
        'for user in keeper guest; do chown -R $user: /home/$user/.ssh; done',
        'mkdir -p /run/sshd',
      ].join('\n'),
    );
    await this.runOn('exec /usr/sbin/sshd -D');
    await this.run(
      `for i in $(seq 100); do : >/dev/tcp/127.0.0.1/22 && exit; sleep 0.1; done 2>/dev/null; exit 1`,
    );
    writeFileSync(
      path.join(this.folder, 'config'),
      ['root', 'keeper', 'guest']
        .map((user) => {
          const name = user === 'root' ? 'server' : `${user}-server`;
          return `Host ${name}\n  HostName ${this.address}\n  User ${user}\n`;
        })
        .join('') +
        `Host *\n  IdentityFile ${this.folder}/key\n  IdentitiesOnly yes\n  UserKnownHostsFile ${this.folder}/known_hosts\n`,
    );
    await this.know();
    mkdirSync(path.join(this.folder, 'bin'));
    writeFileSync(
      path.join(this.folder, 'bin/ssh'),
      `#!/bin/sh\nexec /usr/bin/ssh -F ${this.folder}/config "$@"\n`,
      {
        mode: 0o755,
      },
    );
  }

  /** Whoever logs in for the first time compares the key; here it is read past SSH. */
  async know(): Promise<void> {
    const key = (await this.run('cat /etc/ssh/ssh_host_ed25519_key.pub')).split(' ').slice(0, 2).join(' ');
    writeFileSync(path.join(this.folder, 'known_hosts'), `${this.address} ${key}\n`);
  }

  /** Types a line on the operator's machine, as `curl … | bash -s - ARGUMENTS` runs it. */
  async install(
    role: 'miner' | 'validator',
    words: string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Finished> {
    const child = this.type(role, words, environment);
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  }

  /**
   * The same, killed at once with all that it has started, here and on the server, when it has said something.
   *
   * @throws Error where it ends without having said it
   */
  async killed(role: 'miner' | 'validator', words: string[], mark: string): Promise<void> {
    const child = this.type(role, words, {});
    child.stdout.resume();
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (said.includes(mark)) resolve();
      });
      child.once('close', () => reject(new Error(`It ended before it said ${mark}: ${said}`)));
    });
    const closed = new Promise((resolve) => child.once('close', resolve));
    process.kill(-child.pid!, 'SIGKILL');
    await closed;
    await this.run(
      'for process in /proc/[0-9]*; do if grep -qszx -- --noprofile $process/cmdline; then kill -KILL ${process#/proc/} || true; fi; done',
    );
  }

  /** In a session of its own, so that all that it starts can be killed. */
  private type(role: string, words: string[], environment: NodeJS.ProcessEnv) {
    return spawn(
      'setsid',
      ['bash', '-c', 'cat "$0" | bash -s - "$@"', path.join(root, `install_${role}.sh`), ...words],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: `${this.folder}/bin:${process.env['PATH']}`, HOME: this.folder, ...environment },
      },
    );
  }

  /** Runs a command on the server, past SSH, and returns what it prints. */
  async run(command: string): Promise<string> {
    const exec = await this.container.exec({
      Cmd: ['bash', '-c', command],
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
    });
    const output = await text(await exec.start({ Tty: true }));
    const { ExitCode } = await exec.inspect();
    if (ExitCode !== 0) throw new Error(`${command}: ${ExitCode}: ${output}`);
    return output.replaceAll('\r\n', '\n');
  }

  async startEngine(): Promise<void> {
    await this.runOn('exec dockerd >>/var/log/docker.log 2>&1');
    await this.run(
      'for i in $(seq 150); do docker version >/dev/null 2>&1 && exit; sleep 0.2; done; tail /var/log/docker.log; exit 1',
    );
  }

  /** Starts a command that stays. */
  private async runOn(command: string): Promise<void> {
    await (await this.container.exec({ Cmd: ['sh', '-c', command] })).start({ Detach: true });
  }

  /** Copies an image of this machine's engine to the server's. */
  async load(image: string): Promise<void> {
    const exec = await this.container.exec({
      Cmd: ['docker', 'load', '-q'],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    const output = text(stream);
    (await docker.getImage(image).get()).pipe(stream);
    await output;
    const { ExitCode } = await exec.inspect();
    if (ExitCode !== 0) throw new Error(`${image} could not be loaded: ${await output}`);
  }

  async remove(): Promise<void> {
    await this.container.remove({ force: true, v: true });
    rmSync(this.folder, { recursive: true });
  }
}
