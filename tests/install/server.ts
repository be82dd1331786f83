import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { ContainedMachine } from '@horde/testing/contained-machine';
import { generateSshKey } from '@horde/executor-manager';
import { freePort } from '@horde/testing/free-port';
import { root, type Finished } from '@horde/testing/horde';
import type Docker from 'dockerode';
import { ensureServerImage, type Kind, type System } from './server-image.ts';

/** A fresh server, and the operator's own machine with the ssh that reaches it as `server`. */
export class Server extends ContainedMachine {
  /** Where the scripts that are typed lie. */
  scripts = root;
  #typed = 0;

  private constructor(
    container: Docker.Container,
    address: string,
    /** The operator's: ssh's files, and programs that come first on the path. */
    readonly folder: string,
  ) {
    super(container, address, 'bash');
  }

  static async start(system: System, kind: Kind): Promise<Server> {
    const image = await ensureServerImage(system, kind);
    const { container, address } = await Server.startContainer('server', image, 7200);
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
    const { private: privateKey, public: publicKey } = await generateSshKey();
    writeFileSync(path.join(this.folder, 'key'), privateKey, { mode: 0o600 });
    await this.run(
      [
        'set -e; for user in keeper guest; do useradd -m -s /bin/bash $user; done',
        'echo "keeper ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/keeper',
        'for home in /root /home/keeper /home/guest; do',
        `  mkdir -p -m 700 $home/.ssh && echo '${publicKey}' >$home/.ssh/authorized_keys; done`,
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
    for (const program of ['ssh', 'scp'])
      writeFileSync(
        path.join(this.folder, 'bin', program),
        `#!/bin/sh\nexec /usr/bin/${program} -F ${this.folder}/config "$@"\n`,
        { mode: 0o755 },
      );
  }

  /** Lets this server's operator reach another one, too. @param name what ssh calls it */
  reaches(other: Server, name: string): void {
    const file = path.join(this.folder, 'config');
    const lines = [
      `Host ${name}`,
      `HostName ${other.address}`,
      'User root',
      `IdentityFile ${other.folder}/key`,
      `UserKnownHostsFile ${other.folder}/known_hosts`,
    ];
    writeFileSync(file, `${lines.join('\n  ')}\n${readFileSync(file, 'utf8')}`);
  }

  /**
   * As an operator types `ssh -L PORT:TARGET server`.
   *
   * @param target HOST:PORT, as the server reaches it
   * @returns the port on this machine, which is there a moment later, and what ends it
   */
  async tunnel(target: string): Promise<{ port: number; close: () => Promise<void> }> {
    const port = await freePort();
    const words = ['-N', '-o', 'ExitOnForwardFailure=yes', '-L', `127.0.0.1:${port}:${target}`, 'server'];
    const child = spawn(path.join(this.folder, 'bin/ssh'), words, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    return {
      port,
      async close() {
        child.kill();
        await ended;
      },
    };
  }

  /** Whoever logs in for the first time compares the key; here it is read past SSH. */
  async know(): Promise<void> {
    const key = (await this.run('cat /etc/ssh/ssh_host_ed25519_key.pub')).split(' ').slice(0, 2).join(' ');
    writeFileSync(path.join(this.folder, 'known_hosts'), `${this.address} ${key}\n`);
  }

  /** Leaves it the way to this machine, and no other. */
  async cutFromNetwork(): Promise<void> {
    const { State } = await this.container.inspect();
    execFileSync('nsenter', ['--net', '--target', String(State.Pid), 'ip', 'route', 'del', 'default']);
  }

  /** Types a line on the operator's machine, as `curl … | bash -s - ARGUMENTS` runs it. */
  async install(
    role: 'miner' | 'validator',
    words: string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Finished> {
    const child = this.type(role, words, environment);
    this.#typed = child.pid!;
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  }

  /** Kills at once what was typed last and what it has started here, ssh too; not what is at work on the server. */
  killOperator(): void {
    process.kill(-this.#typed, 'SIGKILL');
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
      ['bash', '-c', 'cat "$0" | bash -s - "$@"', path.join(this.scripts, `install_${role}.sh`), ...words],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: `${this.folder}/bin:${process.env['PATH']}`, HOME: this.folder, ...environment },
      },
    );
  }

  async remove(): Promise<void> {
    await this.container.remove({ force: true, v: true });
    rmSync(this.folder, { recursive: true });
  }
}
