import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Finished } from '@horde/testing/horde';
import { Server } from '../install/server.ts';
import type { ReleasePlace } from './release-place.ts';

/** A server with Docker that reaches a place of releases; its registry by the name that it has here. */
export class NearServer {
  private tunnel: ChildProcess | null = null;

  private constructor(
    readonly server: Server,
    private readonly place: ReleasePlace,
  ) {}

  static async start(place: ReleasePlace): Promise<NearServer> {
    const near = new NearServer(await Server.start('bookworm', 'docker'), place);
    try {
      await near.reachRegistry();
      // Where this machine has made it of packages, no registry has it.
      await near.server.load('postgres:18');
      return near;
    } catch (error) {
      await near.remove();
      throw error;
    }
  }

  /** The engine takes a registry without TLS for one of its own machine alone: SSH brings it there. */
  async reachRegistry(): Promise<void> {
    const { registryHost } = this.place;
    this.tunnel = this.ssh('-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${registryHost}:${registryHost}`);
    const port = registryHost.split(':')[1]!;
    await this.server.run(
      `for i in $(seq 100); do : >/dev/tcp/127.0.0.1/${port} && exit; sleep 0.1; done 2>/dev/null; exit 1`,
    );
  }

  /** The registry is out of reach from now on. */
  async loseRegistry(): Promise<void> {
    await end(this.tunnel);
    this.tunnel = null;
  }

  /** Brings a port of the server's loopback to this machine's, until the server is removed. */
  forward(here: number, there: number): void {
    this.ssh('-N', '-o', 'ExitOnForwardFailure=yes', '-L', `127.0.0.1:${here}:127.0.0.1:${there}`);
  }

  /** Types the line of the guide: `curl … | bash -s - WORDS`. */
  async install(role: 'miner' | 'validator', words: string[]): Promise<Finished> {
    const line = 'set -o pipefail; curl -sSfL "$0" | bash -s - "$@"';
    const { folder } = this.server;
    const child = spawn('bash', ['-c', line, `${this.place.address}/install_${role}.sh`, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${folder}/bin:${process.env['PATH']}`, HOME: folder },
    });
    const closed = once(child, 'close') as Promise<[number | null]>;
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  }

  async remove(): Promise<void> {
    await end(this.tunnel);
    await this.server.remove();
  }

  private ssh(...words: string[]): ChildProcess {
    const config = `${this.server.folder}/config`;
    return spawn('/usr/bin/ssh', ['-F', config, ...words, 'server'], { stdio: 'ignore' });
  }
}

async function end(child: ChildProcess | null): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}
