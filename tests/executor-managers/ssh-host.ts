import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ContainedMachine } from '@horde/testing/contained-machine';
import { generateSshKey } from '@horde/executor-manager';
import type Docker from 'dockerode';
import { onTestFinished } from 'vitest';
import { ensureSshHostImage } from './ssh-host-image.ts';

/**
 * A server of its own, in a container: own file system, own network address, sshd and a Docker engine. Links to it can
 * be cut, and it can be stopped.
 */
export class SshHost extends ContainedMachine {
  private constructor(
    container: Docker.Container,
    address: string,
    /** The file of the private key that it lets in as root. */
    readonly keyPath: string,
  ) {
    super(container, address);
  }

  static async start(): Promise<SshHost> {
    const image = await ensureSshHostImage();
    const { container, address } = await SshHost.startContainer('ssh-host', image, 3600);
    const folder = mkdtempSync(path.join(tmpdir(), 'horde-ssh-host-key-'));
    const { private: privateKey, public: publicKey } = await generateSshKey();
    writeFileSync(path.join(folder, 'key'), privateKey, { mode: 0o600 });
    const host = new SshHost(container, address, path.join(folder, 'key'));
    try {
      const ssh = '/root/.ssh';
      await host.run(`mkdir -p -m 700 ${ssh} /run/sshd && echo '${publicKey}' > ${ssh}/authorized_keys`);
      await host.startSshd();
      await host.startEngine();
      return host;
    } catch (error) {
      await host.remove();
      throw error;
    }
  }

  async stopEngine(): Promise<void> {
    await this.run(
      'kill $(cat /var/run/docker.pid); while kill -0 $(cat /var/run/docker.pid) 2>/dev/null; do sleep 0.1; done',
    );
  }

  /** Drops every packet to and from the host, without a word to anyone. */
  async cut(): Promise<void> {
    await this.run('iptables -I INPUT 1 -i eth0 -j DROP && iptables -I OUTPUT 1 -o eth0 -j DROP');
  }

  async mend(): Promise<void> {
    await this.run('iptables -D INPUT -i eth0 -j DROP && iptables -D OUTPUT -o eth0 -j DROP');
  }

  /** Loses a part of the packets to and from the host: what is said arrives late, some of it by seconds. */
  async losePackets(part: number): Promise<void> {
    await this.run(this.loss('-I', part));
    onTestFinished(async () => void (await this.run(this.loss('-D', part))));
  }

  private loss(change: '-I' | '-D', part: number): string {
    const some = `-m statistic --mode random --probability ${part} -j DROP`;
    return `iptables ${change} INPUT -i eth0 ${some} && iptables ${change} OUTPUT -o eth0 ${some}`;
  }

  /** Its keys are made anew: for SSH it is another machine. */
  async changeKeys(): Promise<void> {
    await this.run('rm /etc/ssh/ssh_host_*; ssh-keygen -A; kill $(cat /run/sshd.pid)');
    await this.run('while ss -Htln sport = 22 | grep -q .; do sleep 0.1; done');
    await this.startSshd();
  }

  /** Ends connections too. @param options for sshd, on its command line */
  async restartSshd(options = ''): Promise<void> {
    await this.stopSshd();
    await this.startSshd(options);
  }

  /** Ends connections too, and nobody listens there any more. */
  async stopSshd(): Promise<void> {
    await this.run(
      'killall sshd sshd-session 2>/dev/null; while ss -Htln sport = 22 | grep -q .; do sleep 0.1; done',
    );
  }

  private async startSshd(options = ''): Promise<void> {
    await this.runOn(`exec /usr/sbin/sshd -D ${options}`);
    await this.run(
      'for i in $(seq 100); do ss -Htln sport = 22 | grep -q . && exit; sleep 0.1; done; exit 1',
    );
  }

  async remove(): Promise<void> {
    await this.container.remove({ force: true, v: true });
    rmSync(path.dirname(this.keyPath), { recursive: true });
  }
}
